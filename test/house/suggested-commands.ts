/**
 * The command lines in a text that begin with `slipway `: in backticks or double quotes in code and pages, and on lines of
 * a page's code blocks. A value that is filled in later counts as one word.
 */
export function suggestedCommands(path: string, text: string): readonly string[] {
  const found = path.endsWith('.md') ? [...inBackticks(text), ...inBlocks(text)] : expand(withoutComments(text)).flatMap(inBackticks);
  const lines = found.flatMap((line) => line.split(/\s+(?:&&|\|)\s+/)).map((line) => line.trim().replace(/\s+#.*$/, ''));
  return [
    ...new Set(
      lines
        .filter((line) => /^slipway\s+\S/.test(line))
        .map(quotedAsOneWord)
        .flatMap(alternatives),
    ),
  ];
}

function withoutComments(code: string): string {
  return code.replace(/^\s*(?:\*|\/\*|\/\/).*$/gm, '');
}

/** `${mode === undefined ? 'run-cli' : 'restart'}` is either; any other value is a word, or nothing where it only ends one. */
function expand(code: string): readonly string[] {
  const either = /\$\{[^{}`]*\? '([^']*)' : '([^']*)'\}/g;
  return [0, 1].map((which) =>
    code
      .replace(either, (_all, first: string, second: string) => [first, second][which] ?? '')
      .replace(/(?<=[\s`])\$\{(?:[^{}]|\{[^{}]*\})*\}/g, 'X')
      .replace(/\$\{[^{}]*\}/g, ''),
  );
}

function inBackticks(text: string): readonly string[] {
  return [...text.matchAll(/(?:\\?`|")(slipway [^`"\\\n]*(?:"[^"`\n]*"[^`"\\\n]*)?)(?:\\?`|")/g)].map(([, line]) => line ?? '');
}

function inBlocks(page: string): readonly string[] {
  const blocks = [...page.matchAll(/^```[a-z]*\n([\s\S]*?)^```/gm)].map(([, block]) => block ?? '');
  return (
    blocks
      .flatMap((block) => block.split('\n'))
      .map((line) => line.replace(/^\$ /, '').replace(/^(?:npx|sudo) /, ''))
      // `slipway task logs P ID [-f]          what its container wrote`
      .map((line) => line.replace(/\s{3,}.*$/, '').replace(/[[\]]/g, ''))
      .filter((line) => line.startsWith('slipway '))
  );
}

/** `image list|prune` is two commands. */
function alternatives(line: string): readonly string[] {
  const word = line.split(' ').find((candidate) => candidate.includes('|'));
  return word === undefined ? [line] : word.split('|').map((one) => line.replace(word, one));
}

function quotedAsOneWord(line: string): string {
  return line.replace(/"[^"]*"|'[^']*'/g, 'X');
}
