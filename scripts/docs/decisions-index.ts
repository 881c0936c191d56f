/** docs/decisions/README.md: the titles of the pages beside it, in the order of their numbers. */
export function renderDecisions(pages: readonly { readonly name: string; readonly text: string }[]): string {
  const lines = pages
    .filter(({ name }) => /^\d{3}-.*\.md$/.test(name))
    .sort((a, b) => a.name.localeCompare(b.name))
    .map(({ name, text }) => `- [${/^# (.+)$/m.exec(text)?.[1] ?? name}](${name})`);
  return [
    '# Decisions',
    '<!-- Written by `npm run docs` from the pages beside it. -->',
    'Ten lines each: context, choice, what was measured, what it costs. A decision is changed by replacing it with a better one.',
    lines.join('\n'),
  ]
    .join('\n\n')
    .concat('\n');
}
