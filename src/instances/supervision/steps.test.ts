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

/** The supervisor is this test. */
it('a stop waits until the supervisor has written how the program ended', async () => {
  const root = mkdtempSync(join(tmpdir(), 'slipway-supervision-'));
  const program = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  onTestFinished(() => {
    program.kill('SIGKILL');
    rmSync(root, { recursive: true, force: true });
  });
  const app = testAppAt(root, { kinds: steps, verbs: [] });
  const file = instanceFile(app.paths, instance);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'kind: process\nservice: web\nversion: v1.0.0\nport: 8081\nengine: { kind: docker, endpoint: "unix:///run/docker.sock", identity: a }\n');
  await acquireLock(locksDir(app.paths), supervisionLock(instance), { operation: 'op', verb: 'supervise web' });
  const pid = program.pid ?? 0;
  const running = {
    pid,
    startTime: processStartTime(pid) ?? '',
    bootId: bootId(),
    pidNamespace: currentProcess().pidNamespace,
    startedAt: '2026-01-02T00:00:00.000Z',
  };
  const before: Supervision = {
    format: 1,
    state: 'watching',
    bootId: bootId(),
    restarts: [],
    startedAt: running.startedAt,
    lastExit: { at: '2026-01-01T00:00:00.000Z', exitCode: 0, signal: undefined },
    nextAttemptAt: undefined,
    failedAt: undefined,
    reason: undefined,
    process: running,
  };
  await writeSupervision(app.paths, instance, before);
  const stop = steps.find((step) => step.do === 'instance.process-stop');
  const context = { app, operation: 'op', child: async () => {} };
  const toldThen = stop?.apply(context, { do: 'instance.process-stop', instance }).then(() => readSupervision(app.paths, instance));
  while ((await readRequest(app.paths, instance)).hold !== 'op') await sleep(5);
  program.kill('SIGKILL');
  await once(program, 'exit');
  await sleep(300);
  await writeSupervision(app.paths, instance, {
    ...before,
    lastExit: { at: '2026-01-03T00:00:00.000Z', exitCode: undefined, signal: 'SIGKILL', killed: true },
  });
  expect((await toldThen)?.lastExit).toMatchObject({ killed: true });
});
