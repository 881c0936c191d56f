import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError } from '../errors.ts';
import { type Machine, runtimeDirectory } from './machine.ts';
import type { Environment, Programs } from './programs.ts';

/** Without requests for so long, the service that Slipway started ends by itself. The next command starts it again. */
const idleSeconds = 600;
const socketEnd = '/slipway/podman.sock';

/** Where Slipway has Podman listen when nobody set up a socket. The path alone says that the service may be started on demand. */
export function onDemandEndpoint(machine: Machine): string {
  const directory = runtimeDirectory(machine) ?? (machine.uid === 0 ? '/run' : `/tmp/slipway-${machine.uid}`);
  return `unix://${directory}${socketEnd}`;
}

/** Starts `podman system service` and waits until its socket answers. */
export async function startPodmanService(endpoint: string, programs: Programs, env: Environment, ask: () => Promise<unknown>): Promise<void> {
  const directory = dirname(endpoint.slice('unix://'.length));
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await programs.startDetached(['podman', 'system', 'service', `--time=${idleSeconds}`, endpoint], { env, logFile: join(directory, 'podman.log') });
  const limit = Date.now() + 10_000;
  for (;;) {
    try {
      await ask();
      return;
    } catch (cause) {
      if (Date.now() > limit) {
        throw new SlipwayError('E_ENGINE_STOPPED', `Podman's service does not come up at ${endpoint}`, {
          cause,
          hint: `Look at ${join(directory, 'podman.log')}, and at what "podman info" says.`,
        });
      }
      await sleep(50);
    }
  }
}
