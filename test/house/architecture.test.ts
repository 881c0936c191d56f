import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf, root, type Source, sourcesIn } from './sources.ts';

/** Rooms of src/, highest first. An arrow may only point to a lower line. */
const levels: readonly (readonly string[])[] = [
  ['cli', 'tui', 'server', 'mcp'],
  ['app'],
  ['tasks', 'runs', 'instances'],
  ['images'],
  ['agents', 'projects'],
  ['containers', 'git'],
  ['operations'],
  ['engine', 'state', 'host'],
];

/** Arrows between rooms of one line. A project names its agents; an agent knows no project. */
const sideways: readonly string[] = ['projects → agents'];

/** A file of src/ that belongs to no room, and the rooms it stands above: all, or none. */
const above = ['main.ts', 'index.ts', 'service.ts'];
const below = ['errors.ts', 'version.ts'];

/** What can be guessed of a noun's folder. Agents are read, never changed, by Slipway; images are files of the engine. */
const roomsOfNouns: Readonly<Record<string, readonly string[]>> = {
  agents: ['model.ts', 'store.ts'],
  projects: ['model.ts', 'store.ts', 'observe.ts', 'plan.ts', 'steps.ts', 'verbs.ts'],
  images: ['model.ts', 'observe.ts', 'plan.ts', 'steps.ts', 'verbs.ts'],
  tasks: ['model.ts', 'store.ts', 'observe.ts', 'plan.ts', 'steps.ts', 'verbs.ts'],
  runs: ['model.ts', 'store.ts', 'observe.ts', 'plan.ts', 'steps.ts', 'verbs.ts'],
  instances: ['model.ts', 'store.ts', 'observe.ts', 'plan.ts', 'steps.ts', 'verbs.ts'],
  'instances/releases': ['model.ts', 'store.ts', 'observe.ts', 'plan.ts', 'steps.ts', 'verbs.ts'],
};

const sources = sourcesIn('src', ['.ts', '.tsx']);
const code: readonly Source[] = [
  ...sources,
  ...['scripts', 'test', 'bench', 'samples'].filter((folder) => existsSync(join(root, folder))).flatMap((folder) => sourcesIn(folder, ['.ts', '.tsx', '.mjs'])),
];

describe('rooms', () => {
  it('are all on the map', () => {
    const known = new Set([...levels.flat(), ...above, ...below]);
    expect([...new Set(sources.map(({ path }) => roomOf(path)))].filter((room) => !known.has(room))).toEqual([]);
  });

  it('import downwards only, types included', () => {
    const wrong = sources.flatMap((source) =>
      importsOf(source)
        .map((target) => ({ source: source.path, target }))
        .filter(isForbidden),
    );
    expect(wrong.map(({ source, target }) => `${source} → ${target}`)).toEqual([]);
  });

  it('import nothing from outside src/', () => {
    const wrong = sources
      .filter(({ path }) => !path.endsWith('.test.ts'))
      .flatMap((source) =>
        importsOf(source)
          .filter((target) => !target.startsWith('src/'))
          .map((target) => `${source.path} → ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  it('name their imports by the file', () => {
    const wrong = code.flatMap((source) =>
      importsOf(source)
        .filter((target) => !existsSync(join(root, target)))
        .map((target) => `${source.path} → ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('are the same for every noun', () => {
    const missing = Object.entries(roomsOfNouns).flatMap(([noun, rooms]) =>
      rooms.map((room) => `src/${noun}/${room}`).filter((path) => !existsSync(join(root, path))),
    );
    expect(missing).toEqual([]);
  });
});

describe('files', () => {
  it('are named for an idea', () => {
    expect(code.map(({ path }) => path).filter((path) => /^(?:utils?|helpers?|common|misc|shared)\.[a-z]+$/.test(basename(path)))).toEqual([]);
  });

  it('are short, or say at their top why they are not', () => {
    const long = code.filter(({ text }) => text.split('\n').length > 351 && !/^\s*(?:\/\/|\/\*)/.test(text.replace(/^#!.*\n/, '')));
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it('skip, narrow down and postpone no test', () => {
    const pattern = /\b(?:it|test|describe|suite)(?:\.\w+)*\.(?:skip|skipIf|only|todo|runIf|fails)\b|\bctx\.skip\(/;
    expect(code.filter(({ path, text }) => path.endsWith('.test.ts') && pattern.test(text)).map(({ path }) => path)).toEqual([]);
  });

  it('do not need each other in a circle, types included', () => {
    const imports = new Map(sources.map((source) => [source.path, importsOf(source)]));
    const reached = (from: string): ReadonlySet<string> => {
      const seen = new Set<string>();
      const left = [...(imports.get(from) ?? [])];
      for (let file = left.pop(); file !== undefined; file = left.pop()) {
        if (seen.has(file)) continue;
        seen.add(file);
        left.push(...(imports.get(file) ?? []));
      }
      return seen;
    };
    // A completion script describes the whole program that it is printed by.
    const known = new Set(['src/cli/completion/commands.ts', 'src/cli/completion/print.ts', 'src/cli/nouns.ts', 'src/cli/program.ts']);
    expect([...imports.keys()].filter((path) => !known.has(path) && reached(path).has(path))).toEqual([]);
  });

  it('have no default export', () => {
    expect(sources.filter(({ text }) => /^export default\b/m.test(text)).map(({ path }) => path)).toEqual([]);
  });
});

function roomOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function isForbidden({ source, target }: { readonly source: string; readonly target: string }): boolean {
  const from = roomOf(source);
  const to = roomOf(target);
  if (!target.startsWith('src/') || from === to || below.includes(to)) return false;
  if (above.includes(from)) return false;
  return levelOf(from) >= levelOf(to) && !sideways.includes(`${from} → ${to}`);
}

/** 0 is highest. What stands above all is never imported; what stands below all imports no room. */
function levelOf(room: string): number {
  if (above.includes(room)) return -1;
  if (below.includes(room)) return levels.length;
  return levels.findIndex((level) => level.includes(room));
}
