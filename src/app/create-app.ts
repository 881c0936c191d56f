import { homedir, userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../engine/model.ts';
import type { App, Clock, Out, Person } from '../operations/model.ts';
import { type Env, resolvePaths } from '../state/paths.ts';
import { dialectMemory } from './dialects.ts';
import { chooseEngine, type EngineCache, openEngine } from './engines.ts';
import { readOrCreateInstall } from './install.ts';
import { registry } from './registry.ts';

export interface AppOptions {
  readonly env: Env;
  readonly out: Out;
  readonly signal: AbortSignal;
  readonly dryRun?: boolean;
  /** `--engine`: `auto`, `docker`, `podman` or a URL. */
  readonly engine?: string | undefined;
  /** For the journal. */
  readonly command?: string;
}

export type OwnedApp = App & {
  /** Closes kept connections, so that the process can end. */
  close(): void;
};

const clock: Clock = {
  now: () => new Date(),
  sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
};

/** Composes what every verb is given. Nothing is asked or read before it is needed. */
export function createApp(options: AppOptions): OwnedApp {
  const person = currentPerson();
  const home = options.env.HOME || person.home;
  const paths = resolvePaths(options.env, home, person.uid === 0);
  const open: EngineCache = new Map();
  const dialects = dialectMemory(paths);
  let install: Promise<string> | undefined;
  let chosen: Promise<Engine> | undefined;
  return {
    paths,
    env: options.env,
    person,
    clock,
    out: options.out,
    signal: options.signal,
    dryRun: options.dryRun ?? false,
    command: options.command ?? '',
    registry,
    installId: () => (install ??= readOrCreateInstall(paths, person).then(({ id }) => id)),
    engine: () => (chosen ??= chooseEngine({ paths, env: options.env, home, explicit: options.engine, open, dialects, remember: !options.dryRun })),
    engineAt: (ref) => openEngine(ref, { env: options.env, dialects, open }),
    close() {
      for (const engine of open.values()) engine.close();
    },
  };
}

function currentPerson(): Person {
  try {
    const { username, uid, gid, homedir: home } = userInfo();
    return { name: username, uid, gid, home: home || homedir() };
  } catch {
    // A user id that the machine has no name for, as in many containers.
    const uid = process.getuid?.() ?? 0;
    return { name: String(uid), uid, gid: process.getgid?.() ?? 0, home: process.env.HOME ?? '/' };
  }
}
