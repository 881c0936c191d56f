import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import * as library from '../builder.ts';
import type { Answer, FunctionEnd, Said } from '../protocol.ts';
import { type Calls, openCalls } from './calls.ts';
import { runJob } from './run-job.ts';

let top = '';
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'slipway-function-'));
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

type Call = Extract<Said, { say: 'call' }>;

/** Runs the body of a function whose commands exit with the number that they end with, and gives what it asked for as well. */
async function runBody(
  body: string,
  late: readonly unknown[] = [],
): Promise<{ readonly end: FunctionEnd; readonly asked: readonly Omit<Call, 'say' | 'call'>[] }> {
  // A file that was loaded once is not loaded again.
  const folder = mkdtempSync(join(top, 'script-'));
  mkdirSync(join(folder, '.slipway'));
  const lines = [
    "import { job, pipeline, ShError } from 'slipway';",
    `const a = job('a', async ({ sh, secret, needs, push, matrix, skip }) => { ${body} });`,
    'export default pipeline({ jobs: [a] });',
  ];
  writeFileSync(join(folder, '.slipway/ci.ts'), lines.join('\n'));
  const asked: Omit<Call, 'say' | 'call'>[] = [];
  const calls: Calls = openCalls((message) => {
    if (message.say !== 'call') return;
    const { say: _, call, ...what } = message;
    asked.push(what);
    setTimeout(() => calls.settle(answerTo(call, what)), 5);
  });
  const push = { sha: 'a'.repeat(40), branch: 'main', dirty: false };
  const needs = { build: { state: 'succeeded' as const, output: { size: 3 } } };
  return { end: await runJob({ do: 'run', folder, library: '', job: 'a', matrix: { node: '20' }, needs, push }, library, calls, late), asked };
}

function answerTo(answer: number, what: Omit<Call, 'say' | 'call'>): Answer {
  if ('secret' in what) return what.secret === 'TOKEN' ? { answer, value: 'value' } : { answer, error: 'there is no such secret' };
  const { command } = (what as { readonly sh: { readonly command: string | readonly string[] } }).sh;
  return { answer, value: { exit: Number([command].flat().join(' ').split(' ').at(-1)) || 0, stdout: 'out\n', stderr: 'err\n' } };
}

it('returns JSON, made of what the function is given', async () => {
  const { end } = await runBody(
    "return { size: needs.build.output.size, sha: push.sha.length, node: matrix.node, token: await secret('TOKEN'), none: undefined };",
  );
  expect(end).toEqual({ kind: 'returned', output: { size: 3, sha: 40, node: '20', token: 'value' } });
});

it('returns null where the function returns nothing', async () => {
  expect((await runBody('')).end).toEqual({ kind: 'returned', output: null });
});

it('gives commands to whoever runs them, checked and in plain data', async () => {
  const { end, asked } = await runBody(
    "await sh('make all', { cwd: './a//b', env: { N: 1 }, timeout: '2m' }); return sh(['printf', '%s', 7], { check: false });",
  );
  expect(asked).toEqual([
    { sh: { command: 'make all', options: { cwd: 'a/b', env: { N: '1' }, timeoutSeconds: 120 } } },
    { sh: { command: ['printf', '%s', '7'], options: {} } },
  ]);
  expect(end).toEqual({ kind: 'returned', output: { exit: 7, stdout: 'out\n', stderr: 'err\n', cmd: 'printf %s 7' } });
});

it('throws ShError where a command fails, and takes it for the end where nobody catches it', async () => {
  const caught =
    "try { await sh('exit 3'); } catch (error) { return { is: error instanceof ShError, exit: error.exit, stderr: error.stderr, cmd: error.cmd }; }";
  expect((await runBody(caught)).end).toEqual({ kind: 'returned', output: { is: true, exit: 3, stderr: 'err\n', cmd: 'exit 3' } });
  expect((await runBody("await sh('exit 3');")).end).toEqual({ kind: 'threw', message: 'ShError: `exit 3` exited with 3', exit: 3 });
});

it('is skipped, also where the function catches everything', async () => {
  expect((await runBody("skip('not today');")).end).toEqual({ kind: 'skipped', reason: 'not today' });
  expect((await runBody("try { skip('not today'); } catch {} return 1;")).end).toEqual({ kind: 'skipped', reason: 'not today' });
});

it('waits for commands that the function did not wait for', async () => {
  const { end, asked } = await runBody("void sh('one 0').then(() => sh('two 0'));");
  expect(end).toEqual({ kind: 'returned', output: null });
  expect(asked).toHaveLength(2);
});

it('fails where one of those failed', async () => {
  expect((await runBody('return 1;', [new Error('late')])).end).toEqual({ kind: 'threw', message: 'late' });
});

it.each([
  ["throw new TypeError('no');", 'TypeError: no'],
  ["throw 'text';", 'text'],
  ['return () => 1;', 'TypeError: what the function returned is a function: expected data'],
  ['return { a: [1n] };', 'TypeError: what the function returned (`a.0`) is a bigint: expected data'],
  ['const a = {}; a.a = a; return a;', 'TypeError: what the function returned (`a`) is inside itself: expected data'],
  ["await secret('OTHER');", 'there is no such secret'],
  ["await sh('');", 'TypeError: sh(command): expected a text, or a list: a program and its arguments'],
  ["await sh('x', { cwd: '../x' });", 'TypeError: sh: `cwd`: expected a path inside the workspace, found "../x"'],
  [
    "await sh('x', { timeout: '5' });",
    'TypeError: sh: `timeout`: expected a time with its unit, such as 90s, 10m or 1h30m: at least 1s, at most 168h, found "5"',
  ],
  ["await sh('x', { dir: 'x' });", 'TypeError: sh: unknown option `dir`: expected one of cwd, env, check, timeout'],
])('fails with what was thrown: %s', async (body, message) => {
  expect((await runBody(body)).end).toEqual({ kind: 'threw', message });
});
