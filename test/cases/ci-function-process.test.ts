import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PlannedJob } from '../../src/runs/model.ts';
import { type FunctionCallbacks, runFunction } from '../../src/runs/pipeline/run-function.ts';
import { writeSnapshot } from '../../src/runs/pipeline/snapshot.ts';
import { readTree, treeHash } from '../../src/runs/pipeline/tree.ts';

let folder = '';
let hash = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-run-function-'));
  mkdirSync(join(folder, '.slipway'));
  const lines = [
    "import { job, pipeline } from 'slipway';",
    "import { execFileSync } from 'node:child_process';",
    'const jobs = [',
    "  job('talks', async ({ sh, secret, matrix }) => {",
    "    console.log('out', process.env.CI, process.env.SSH_AUTH_SOCK, process.env.NODE_OPTIONS);",
    "    console.error('err');",
    "    const [one, two] = await Promise.all([sh('one'), sh('two', { check: false })]);",
    "    return { one: one.stdout, two: two.exit, token: await secret('TOKEN'), other: await secret('OTHER').catch((e) => e.message), n: matrix.n };",
    '  }),',
    "  job('exits', () => process.exit(0)),",
    "  job('hangs', () => execFileSync('sleep', ['600'])),",
    "  job('refused', async ({ sh }) => sh('no')),",
    '];',
    'export default pipeline({ jobs });',
  ];
  writeFileSync(join(folder, '.slipway/ci.ts'), lines.join('\n'));
  const files = await readTree(folder);
  hash = treeHash(files);
  await writeSnapshot(paths(), hash, files);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const paths = () => ({ config: join(folder, 'config'), state: join(folder, 'state'), cache: join(folder, 'cache') });

function call(name: string, callbacks: Partial<FunctionCallbacks> = {}, signal = new AbortController().signal) {
  const job = { name, group: name, matrix: { n: '1' }, secrets: ['TOKEN'], work: { kind: 'function', hash } } as unknown as PlannedJob;
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], SSH_AUTH_SOCK: '/agent', NODE_OPTIONS: '--no-such-option' };
  return runFunction(
    { paths: paths(), env, job, variables: { CI: 'true' }, needs: {}, push: { sha: 'abc', dirty: false } },
    { sh: async () => ({ exit: 0, stdout: '', stderr: '' }), secret: async () => '', log: () => {}, ...callbacks },
    signal,
  );
}

it('runs a function that asks for commands, side by side, and for secrets that the job names', { timeout: 60_000 }, async () => {
  const printed = { stdout: '', stderr: '' };
  let open = 0;
  let most = 0;
  const end = await call('talks', {
    async sh(command) {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setTimeout(resolve, 50));
      open -= 1;
      return { exit: command === 'two' ? 2 : 0, stdout: `${String(command)}\n`, stderr: '' };
    },
    secret: async (name) => `value of ${name}`,
    log: (stream, chunk) => {
      printed[stream] += chunk.toString();
    },
  });
  expect(end).toEqual({
    kind: 'returned',
    output: { one: 'one\n', two: 2, token: 'value of TOKEN', other: 'secret("OTHER"): the job does not name it under `secrets`', n: '1' },
  });
  expect(most).toBe(2);
  expect(printed).toEqual({ stdout: 'out true undefined undefined\n', stderr: 'err\n' });
});

it('is lost where the process ends without a word', { timeout: 60_000 }, async () => {
  expect(await call('exits')).toEqual({ kind: 'lost', message: "the function's process ended with exit code 0 before the function did" });
});

it('throws what the command could not be run for', { timeout: 60_000 }, async () => {
  expect(await call('refused', { sh: () => Promise.reject(new Error('there is no container')) })).toEqual({ kind: 'threw', message: 'there is no container' });
});

it('is ended with all that it started when it is cancelled', { timeout: 60_000 }, async () => {
  const controller = new AbortController();
  const end = call('hangs', {}, controller.signal);
  const sleeping = () =>
    execFileSync('ps', ['-eo', 'pid=,args='])
      .toString()
      .split('\n')
      .filter((line) => / sleep 600$/.test(line) && folderOf(line).includes(folder));
  while (sleeping().length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  controller.abort();
  expect(await end).toEqual({ kind: 'cancelled' });
  expect(sleeping()).toEqual([]);
});

it('runs only what was trusted: a changed snapshot is none', async () => {
  const file = join(folder, 'cache/pipelines', hash, '.slipway/ci.ts');
  const before = readFileSync(file);
  writeFileSync(file, 'throw 1;');
  try {
    expect(await call('talks')).toEqual({ kind: 'lost', message: `the trusted files of .slipway/ are gone from ${join(folder, 'cache')}` });
  } finally {
    writeFileSync(file, before);
  }
});

/** The working directory of the process that a line of ps names; empty where it has ended since. */
function folderOf(line: string): string {
  try {
    return readlinkSync(`/proc/${line.trim().split(' ')[0]}/cwd`);
  } catch {
    return '';
  }
}
