import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { describe, expect, it } from 'vitest';
import { commandTree, renderReference } from '../../scripts/docs/cli-reference.ts';
import { renderDecisions } from '../../scripts/docs/decisions-index.ts';
import { retryable } from '../../src/runs/driver/outcome.ts';
import { exitCodes } from '../../src/runs/exit-code.ts';
import type { OutcomeKind } from '../../src/runs/model.ts';
import { readText, root, type Source, sourcesIn } from './sources.ts';
import { suggestedCommands } from './suggested-commands.ts';

const program = await commandTree();
const code = sourcesIn('src', ['.ts', '.tsx']).filter(({ path }) => !path.endsWith('.test.ts'));
const pages: readonly Source[] = [
  ...['README.md', 'AGENTS.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].map((path) => ({ path, text: readText(path) })),
  ...sourcesIn('docs', ['.md']),
];

describe('docs/cli.md', () => {
  it('is what `npm run docs` writes', () => {
    expect(readText('docs/cli.md')).toBe(renderReference(program));
  });
});

describe('docs/decisions/README.md', () => {
  it('is what `npm run docs` writes', () => {
    const decisions = sourcesIn('docs/decisions', ['.md']).map(({ path, text }) => ({ name: basename(path), text }));
    expect(readText('docs/decisions/README.md')).toBe(renderDecisions(decisions));
  });
});

describe('docs/errors.md', () => {
  const used = new Set(code.flatMap(({ text }) => [...text.matchAll(/'(E_[A-Z_]+)'/g)].map(([, name]) => name ?? '')));
  const sections = [...readText('docs/errors.md').matchAll(/^## (E_[A-Z_]+)$/gm)].map(([, name]) => name ?? '');

  it('explains every code that Slipway gives', () => {
    expect([...used].filter((name) => !sections.includes(name)).sort()).toEqual([]);
  });

  it('explains no code that Slipway does not give', () => {
    expect(sections.filter((name) => !used.has(name))).toEqual([]);
  });

  it('has one section a code, in the order of the alphabet', () => {
    expect(sections).toEqual([...new Set(sections)].sort());
  });
});

describe('docs/outcomes.md', () => {
  const kinds = Object.keys(retryable);
  const page = readText('docs/outcomes.md');
  const sections = new Map([...page.matchAll(/^## (\S+)\n\n([^#]*)/gm)].map(([, kind = '', text = '']) => [kind, text]));

  it('has a section for each outcome of a run, and no other, in the order of the code', () => {
    expect([...sections.keys()]).toEqual(kinds);
  });

  it.each(kinds)('says of %s what its evidence is and whether it is retryable', (kind) => {
    const text = sections.get(kind) ?? '';
    expect(text).toMatch(/[Ee]vidence/);
    expect(/\bRetryable\b/.test(text)).toBe(retryable[kind as OutcomeKind]);
    expect(/\bNot retryable\b/.test(text)).toBe(!retryable[kind as OutcomeKind]);
  });

  it('names the exit codes that the program has', () => {
    const [, one = '', cancelled = ''] = /1 (.*?); 130 (.*?); 125 all others/.exec(page) ?? [];
    for (const kind of kinds) {
      const named = one.includes(`\`${kind}\``) ? 1 : cancelled.includes(`\`${kind}\``) ? 130 : kind === 'succeeded' ? 0 : 125;
      expect([kind, exitCodes[kind as OutcomeKind]]).toEqual([kind, named]);
    }
  });
});

describe('commands that are suggested', () => {
  it.each(code.flatMap(suggestedIn))('%s: %s', (_path, command) => {
    expect(mistakeIn(program, command)).toBeUndefined();
  });

  it.each(pages.filter(({ path }) => path !== 'docs/cli.md').flatMap(suggestedIn))('%s: %s', (_path, command) => {
    expect(mistakeIn(program, command)).toBeUndefined();
  });
});

describe('links', () => {
  it('lead to files that are there', () => {
    const links = pages.flatMap(({ path, text }) => [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target]) => ({ path, target: target ?? '' })));
    expect(links.filter(({ path, target }) => !existsSync(join(root, dirname(path), target)))).toEqual([]);
  });
});

function suggestedIn({ path, text }: Source): readonly (readonly [string, string])[] {
  return suggestedCommands(path, text).map((command) => [path, command] as const);
}

/** What would stop such a command line: an unknown command or option, or arguments that it does not take. A bare name is only a mention. */
function mistakeIn(root: CommandUnknownOpts, line: string): string | undefined {
  let command = root;
  const words = line.split(/\s+/).slice(1);
  while (words[0] !== undefined && command.commands.length > 0) {
    const word = words.shift() ?? '';
    if (command === root && word === '--engine') {
      words.shift();
      continue;
    }
    if (word.startsWith('-')) return knows(command, word) ? undefined : `${command.name()} has no option ${word}`;
    const next = command.commands.find((candidate) => candidate.name() === word || candidate.aliases().includes(word));
    if (next === undefined) return `${command.name()} has no command ${word}`;
    command = next;
  }
  return command.commands.length > 0 ? undefined : mistakeInArguments(command, words);
}

function mistakeInArguments(command: CommandUnknownOpts, words: readonly string[]): string | undefined {
  const given: string[] = [];
  const rest = [...words];
  const declared = command.registeredArguments;
  const required = declared.filter(({ required: is }) => is).length;
  const variadic = declared.some(({ variadic: is }) => is);
  while (rest.length > 0) {
    const word = rest.shift() ?? '';
    // What follows the fixed arguments of `task exec` is another program's.
    if (word === '--' || (variadic && given.length >= required && !word.startsWith('-'))) return undefined;
    if (!/^-./.test(word)) {
      given.push(word);
      continue;
    }
    const option = command.options.find(({ long, short }) => word.split('=')[0] === long || word === short);
    if (option === undefined) return word === '--help' ? undefined : `${command.name()} has no option ${word}`;
    if ((option.required || option.optional) && !word.includes('=')) rest.shift();
  }
  if (given.length > 0 && given.length < required) return `${command.name()} needs ${required} arguments`;
  if (!variadic && given.length > declared.length) return `${command.name()} takes ${declared.length} arguments`;
  return undefined;
}

function knows(command: CommandUnknownOpts, option: string): boolean {
  return ['--help', '-h'].includes(option) || command.options.some(({ long, short }) => option === long || option === short);
}
