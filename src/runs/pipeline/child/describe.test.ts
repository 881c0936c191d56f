import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import * as library from '../builder.ts';
import type { ScriptMistake } from '../protocol.ts';
import { describe as describeScript } from './describe.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-script-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, ...lines: readonly string[]): void {
  mkdirSync(dirname(join(folder, '.slipway', file)), { recursive: true });
  writeFileSync(join(folder, '.slipway', file), `${lines.join('\n')}\n`);
}

async function described(...lines: readonly string[]) {
  write('ci.ts', ...lines);
  const said = await describeScript(folder, library);
  if (said.say !== 'described') throw new Error(`not described: ${JSON.stringify(said)}`);
  return said.script;
}

async function mistakes(...lines: readonly string[]): Promise<readonly string[]> {
  write('ci.ts', ...lines);
  const said = await describeScript(folder, library);
  const found: readonly ScriptMistake[] = said.say === 'described' ? said.script.mistakes : said.say === 'broken' ? said.mistakes : [];
  return found.map(({ place, message }) => `${place ? `${place.file}:${place.line}:${place.column} ` : ''}${message}`);
}

const head = "import { job, pipeline } from 'slipway';";

it('gives what a script makes as data, jobs that are needed by their names', async () => {
  const {
    settings,
    jobs,
    mistakes: none,
  } = await described(
    head,
    "const lint = job('lint', { steps: ['x'], env: { A: 1 } });",
    "const check = job('check', { needs: [lint, 'other'], timeout: undefined }, async () => {});",
    "const quick = job('quick', () => 1);",
    "export default pipeline({ image: 'debian:12', jobs: [lint, check, quick] } as const);",
  );
  expect(none).toEqual([]);
  expect(settings).toEqual({ image: 'debian:12' });
  expect(jobs.map(({ name, settings: own, isFunction }) => ({ name, own, isFunction }))).toEqual([
    { name: 'lint', own: { steps: ['x'], env: { A: 1 } }, isFunction: false },
    { name: 'check', own: { needs: ['lint', 'other'] }, isFunction: true },
    { name: 'quick', own: {}, isFunction: true },
  ]);
});

it('tells where a job and its settings stand, also below other files, of a loop, and of two on a line', async () => {
  write('lib/jobs.ts', "import * as slipway from 'slipway';", 'export const inside = slipway.job(`inside`, {', '  steps: [', "    'x',", '  ],', '});');
  const { jobs } = await described(
    head,
    'import { inside } from "./lib/jobs.ts";',
    "const loop = ['a', 'b'].map((name) => job(name, { steps: [name] }));",
    "const [c, d] = [job('c', { steps: [] }), job('d', { steps: ['d'] })];",
    'export default pipeline({ jobs: [inside, ...loop, c, d] });',
  );
  expect(jobs.map(({ name, at }) => [name, at])).toEqual([
    ['inside', { file: 'lib/jobs.ts', line: 2, column: 23 }],
    ['a', { file: 'ci.ts', line: 3, column: 39 }],
    ['b', { file: 'ci.ts', line: 3, column: 39 }],
    ['c', { file: 'ci.ts', line: 4, column: 17 }],
    ['d', { file: 'ci.ts', line: 4, column: 42 }],
  ]);
  expect(jobs[0]?.places?.keys?.['steps']?.value.items?.[0]?.at).toEqual({ file: 'lib/jobs.ts', line: 4, column: 5 });
});

it.each<[string, readonly string[], readonly string[]]>([
  ['a package', ["import pad from 'left-pad';"], ['ci.ts:1:17 imports `left-pad`: expected `slipway`, a module of Node.js, or a file below .slipway/']],
  [
    'a part of slipway',
    ["import 'slipway/dist/index.js';"],
    ['ci.ts:1:8 imports `slipway/dist/index.js`: expected `slipway`, a module of Node.js, or a file below .slipway/'],
  ],
  [
    'an absolute path',
    ["export * from '/etc/hosts';"],
    ['ci.ts:1:15 imports `/etc/hosts`: expected `slipway`, a module of Node.js, or a file below .slipway/'],
  ],
  ['a file that is not there', ['import "./none";'], ['ci.ts:1:8 imports `./none`, which is not there']],
  [
    'a file outside',
    ['import "../outside.ts";'],
    ['ci.ts:1:8 imports `../outside.ts`, which is outside of .slipway/: expected `slipway`, a module of Node.js, or a file below .slipway/'],
  ],
  [
    'a link to a file outside',
    ['import "./link.ts";'],
    ['ci.ts:1:8 imports `./link.ts`, which is outside of .slipway/: expected `slipway`, a module of Node.js, or a file below .slipway/'],
  ],
  [
    'a package by require',
    ["const pad = require('left-pad');"],
    ['ci.ts:1:21 imports `left-pad`: expected `slipway`, a module of Node.js, or a file below .slipway/'],
  ],
  ['a name made when it runs', ['const pad = await import(`left-${1}`);'], ['ci.ts:1:26 an import whose name is only known when it runs: expected its name']],
])('runs nothing that imports %s', async (_title, lines, expected) => {
  writeFileSync(join(folder, 'outside.ts'), 'export {};\n');
  write('lib.ts', '');
  symlinkSync('../outside.ts', join(folder, '.slipway/link.ts'));
  expect(await mistakes(...lines, "throw new Error('it was run');")).toEqual(expected);
});

it('judges what imported files import, and names them', async () => {
  write('lib/a.ts', 'import "./b";');
  write('lib/b.ts', '', "import 'left-pad';");
  expect(await mistakes('import "./lib/a";', "throw new Error('it was run');")).toEqual([
    'lib/b.ts:2:8 imports `left-pad`: expected `slipway`, a module of Node.js, or a file below .slipway/',
  ]);
});

it('takes modules of Node.js, types of anything, JSON, and files that import each other', async () => {
  write('data.json', '{ "image": "debian:12" }');
  write('lib/a.ts', 'import { b } from "./b.js";', 'export const a = () => b;');
  write('lib/b.ts', 'import { a } from "./a.ts";', 'export const b = 1;', 'export const same = () => a;');
  const { settings } = await described(
    head,
    "import { join } from 'node:path';",
    "import os from 'os';",
    "import type { Pad } from 'left-pad';",
    'import data from "./data.json";',
    'import { a } from "./lib/a";',
    "const pad: Pad | string = join('a', 'b');",
    'export default pipeline({ image: data.image, env: { A: a(), PAD: String(pad), OS: typeof os.cpus }, jobs: [] });',
  );
  expect(settings).toEqual({ image: 'debian:12', env: { A: 1, PAD: 'a/b', OS: 'function' } });
});

it.each<[string, readonly string[], readonly string[]]>([
  ['no pipeline', [head, 'export const a = 1;'], ['expected `export default pipeline({ … })`']],
  ['a plain object', ['export default { jobs: [] };'], ['expected `export default pipeline({ … })`']],
  ['an error', [head, '', "throw new RangeError('no');"], ['ci.ts:3:7 RangeError: no']],
  ['a syntax error', [head, 'const a = ;'], ['ci.ts:2:11 Unexpected token']],
  ['a map of jobs', [head, 'export default pipeline({', '  jobs: { a: 1 } });'], ['ci.ts:3:9 `jobs`: expected a list of what `job(…)` gives']],
  ['something else among the jobs', [head, "export default pipeline({ jobs: [{ name: 'a' }] });"], ['ci.ts:2:34 `jobs.0`: expected what `job(…)` gives']],
  [
    'a job that is nowhere',
    [head, "job('a', { steps: ['x'] });", 'export default pipeline({ jobs: [] });'],
    ["ci.ts:2:1 `a` is unreachable: it is not among the pipeline's `jobs`"],
  ],
  [
    'steps beside a function',
    [head, "const a = job('a', { steps: ['x'] }, () => {});", 'export default pipeline({ jobs: [a] });'],
    ['ci.ts:2:22 `jobs.a` has both steps and a function: expected one or the other'],
  ],
  [
    'a function among the settings',
    [head, "const a = job('a', { steps: ['x', () => {}] });", 'export default pipeline({ jobs: [a] });'],
    ['ci.ts:2:35 `jobs.a.steps.1` is a function: expected data'],
  ],
  ['a date', [head, 'export default pipeline({ env: { A: new Date() }, jobs: [] });'], ['ci.ts:2:37 `env.A` is a Date: expected data']],
])('tells of %s', async (_title, lines, expected) => {
  expect(await mistakes(...lines)).toEqual(expected);
});
