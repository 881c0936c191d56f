import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { run, tell } from '../../scripts/lab/run.mjs';
import { alternate } from '../measure/alternate.mjs';
import { program } from '../measure/program.mjs';
import { timesAsLong } from '../target.mjs';

/** @typedef {import('../run.mjs').Bench} Bench */

const FILES = 30_000;
const ARCHIVE = 'git archive to tar -x';

/**
 * The workspace of a run, made as its driver makes it, against what a script would do: which leaves out what is not to be
 * exported, expands `$Format$`, and leaves submodules empty.
 * @param {Bench} bench
 */
export async function workspace({ runs, folder }) {
  const repository = join(folder, 'many-files');
  tell(`making a repository of ${FILES} files`);
  await makeRepository(repository);
  const { materialize, resolveSource } = await bundled(folder);
  const paths = { config: join(folder, 'config'), state: join(folder, 'state'), cache: join(folder, 'cache') };
  const caller = { paths, env: process.env, signal: new AbortController().signal };
  const place = (/** @type {string} */ name) => join(folder, 'workspaces', name);
  const before = async (/** @type {string} */ name) => void mkdirSync(place(name), { recursive: true });
  const after = async (/** @type {string} */ name) => rmSync(place(name), { recursive: true });
  const sides = [
    {
      name: 'slipway',
      before: () => before('slipway'),
      run: async () => {
        const source = await resolveSource(repository, 'HEAD', { ...caller, dirty: false });
        await materialize({ ...caller, source, directory: join(place('slipway'), 'workspace'), temporary: join(place('slipway'), 'new') });
      },
      after: () => after('slipway'),
    },
    {
      ...program(ARCHIVE, ['sh', '-c', 'git -C "$1" archive HEAD | tar -x -C "$2"', 'sh', repository, place('archive')], process.env),
      before: () => before('archive'),
      after: () => after('archive'),
    },
  ];
  const times = await alternate(`workspace of ${FILES} files`, sides, runs);
  return [{ name: `workspace of ${FILES} files`, engine: '', times, target: timesAsLong(times, ARCHIVE, 1.2) }];
}

/** The library's own function: what is timed begins where the driver stands, not at a program's start. @param {string} folder */
async function bundled(folder) {
  const { build } = await import('esbuild');
  const room = fileURLToPath(new URL('../../src/runs/workspace', import.meta.url));
  const outfile = join(folder, 'workspace.mjs');
  const contents = ['materialize', 'source'].map((name) => `export * from ${JSON.stringify(join(room, `${name}.ts`))};`).join('\n');
  await build({ stdin: { contents, resolveDir: room, loader: 'ts' }, bundle: true, platform: 'node', format: 'esm', packages: 'external', outfile });
  /** @type {typeof import('../../src/runs/workspace/materialize.ts') & typeof import('../../src/runs/workspace/source.ts')} */
  const library = await import(pathToFileURL(outfile).href);
  return library;
}

/** One commit in one pack without deltas, some 350 MB of text, the same bytes each time. @param {string} repository */
async function makeRepository(repository) {
  await run(['git', 'init', '-q', '-b', 'main', '--bare', repository]);
  const child = spawn('git', ['-c', 'pack.compression=1', 'fast-import', '--quiet', '--depth=0'], { cwd: repository, stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = new Promise((resolve, reject) =>
    child.on('close', (code) => (code === 0 ? resolve(code) : reject(new Error(`git fast-import exited with ${code}`)))),
  );
  const write = (/** @type {string} */ text) => child.stdin.write(text) || new Promise((resolve) => child.stdin.once('drain', resolve));
  await write('commit refs/heads/main\ncommitter Ada <ada@example.org> 1700000000 +0000\ndata 5\nFirst\n');
  const random = generator(1);
  const lines = Array.from({ length: 20_000 }, () => sourceLine(random));
  for (let file = 0; file < FILES; file++) {
    const text = sourceText(lines, random, 2000 + Math.floor(random() * 20_000));
    await write(`M 100644 inline src/module-${Math.floor(file / 1000)}/part-${Math.floor(file / 50) % 20}/file-${file}.ts\ndata ${text.length}\n${text}\n`);
  }
  child.stdin.end();
  await ended;
}

/** Text that packs about as well as code does. @param {readonly string[]} lines @param {() => number} random @param {number} bytes */
function sourceText(lines, random, bytes) {
  let text = '';
  while (text.length < bytes) text += lines[Math.floor(random() * lines.length)];
  return text;
}

/** @param {() => number} random */
function sourceLine(random) {
  const name = () => random().toString(36).slice(2, 10);
  return `${'  '.repeat(Math.floor(random() * 4))}const ${name()} = read${name()}(${name()}, options);\n`;
}

/** Numbers between 0 and 1 that are the same in each run (mulberry32). @param {number} seed */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
