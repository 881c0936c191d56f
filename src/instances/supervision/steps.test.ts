import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { testAppAt } from '../../operations/test-app.ts';
import { acquireLock } from '../../state/lock.ts';
import { instanceFile, locksDir } from '../../state/paths.ts';
import { bootId, currentProcess, processStartTime } from '../../state/process-identity.ts';
import { readSupervision, type Supervision, supervisionLock, writeSupervision } from './file.ts';
import { readRequest } from './request.ts';
import { steps } from './steps.ts';

const instance = 'web';

/** An instance whose program runs, as its supervisor has it on record. */
async function running(argv: readonly [string, ...string[]], settings = '') {
  const root = mkdtempSync(join(tmpdir(), 'slipway-supervision-'));
  const program = spawn(argv[0], argv.slice(1), { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => {
    program.kill('SIGKILL');
    rmSync(root, { recursive: true, force: true });
  });
  const app = testAppAt(root, { kinds: steps, verbs: [] });
  const file = instanceFile(app.paths, instance);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    `kind: process\nservice: web\nversion: v1.0.0\nport: 8081\nengine: { kind: docker, endpoint: "unix:///run/docker.sock", identity: a }\n${settings}`,
  );
  const pid = program.pid ?? 0;
  const startedAt = '2026-01-02T00:00:00.000Z';
  const record: Supervision = {
    format: 1,
    state: 'watching',
    bootId: bootId(),
    restarts: [],
    startedAt,
    lastExit: { at: '2026-01-01T00:00:00.000Z', exitCode: 0, signal: undefined },
    nextAttemptAt: undefined,
    failedAt: undefined,
    reason: undefined,
    process: { pid, startTime: processStartTime(pid) ?? '', bootId: bootId(), pidNamespace: currentProcess().pidNamespace, startedAt },
  };
  await writeSupervision(app.paths, instance, record);
  const stop = async () => {
    await steps.find((step) => step.do === 'instance.process-stop')?.apply({ app, operation: 'op', child: async () => {} }, { do: '', instance });
    return (await readSupervision(app.paths, instance))?.lastExit;
  };
  return { app, program, record, stop };
}

it('a stop waits until the supervisor has written how the program ended', async () => {
  const { app, program, record, stop } = await running(['sleep', '1000']);
  // The supervisor is this test.
  await acquireLock(locksDir(app.paths), supervisionLock(instance), { operation: 'op', verb: 'supervise web' });
  const told = stop();
  while ((await readRequest(app.paths, instance)).hold !== 'op') await sleep(5);
  program.kill('SIGKILL');
  await once(program, 'exit');
  await sleep(300);
  await writeSupervision(app.paths, instance, {
    ...record,
    lastExit: { at: '2026-01-03T00:00:00.000Z', exitCode: undefined, signal: 'SIGKILL', killed: true },
  });
  expect(await told).toMatchObject({ killed: true });
});

it('a stop writes down that a program without a supervisor had to be killed', async () => {
  const { program, stop } = await running(['sh', '-c', "trap '' TERM; echo up; while :; do sleep 1; done"], 'stop_timeout: 1\n');
  await once(program.stdout, 'data');
  expect(await stop()).toMatchObject({ signal: 'SIGKILL', killed: true });
});

it('a stop has nothing to write of a program without a supervisor that ended in time: nobody saw how', async () => {
  const { stop, record } = await running(['sleep', '1000']);
  expect(await stop()).toEqual(record.lastExit);
});
