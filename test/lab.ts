import { readFileSync } from 'node:fs';
import { connect } from '../src/engine/connect.ts';
import type { Engine, EngineKind } from '../src/engine/model.ts';
import { type ProcessEnd, type ProcessOptions, processes, run } from '../src/host/process.ts';

export interface LabUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

export interface LabEngine {
  /** `docker`, `podman`, `podman-rootless`. */
  readonly name: string;
  readonly kind: EngineKind;
  readonly rootless: boolean;
  readonly endpoint: string;
  /** Whose engine it is; `null` is root. */
  readonly user: LabUser | null;
  readonly env: Readonly<Record<string, string>>;
  /** The engine's own program, told its endpoint. */
  readonly program: readonly string[];
  readonly pids: { readonly service: number; readonly mounts?: number };
}

export interface Lab {
  readonly dir: string;
  readonly engines: readonly LabEngine[];
  readonly person: LabUser;
  readonly images: { readonly tiny: string; readonly debian: string };
  readonly archives: { readonly tiny: string; readonly debian: string };
}

/** The engines that `scripts/lab.mjs` set up. Without them these tests have nothing to say, so they fail. */
export const lab: Lab = readLab();

/** For `describe.each`: `describe.each(engines)('$name', (lab) => …)`. */
export const engines: readonly LabEngine[] = lab.engines;

export function connectLab(engine: LabEngine): Engine {
  return connect(engine, { programs: processes });
}

/** The engine's own program, as a person would use it. */
export function cli(engine: LabEngine, args: readonly string[], options: ProcessOptions = {}): Promise<ProcessEnd> {
  return run([...engine.program, ...args], { ...options, env: { ...process.env, ...engine.env, ...options.env } });
}

/** Podman without its service: the same storage opened by the program itself, inside the service's mounts and as its user. Docker's program has no such mode. */
export function localCli(engine: LabEngine, args: readonly string[], options: ProcessOptions = {}): Promise<ProcessEnd> {
  if (engine.kind === 'docker') return cli(engine, args, options);
  const inside = engine.pids.mounts === undefined ? [] : ['nsenter', `--mount=/proc/${engine.pids.mounts}/ns/mnt`, '--'];
  const as = engine.user === null ? [] : ['setpriv', `--reuid=${engine.user.uid}`, `--regid=${engine.user.gid}`, '--init-groups', '--'];
  return run([...inside, ...as, 'podman', ...args], { ...options, cwd: '/', env: { PATH: process.env['PATH'], ...engine.env, ...options.env } });
}

/** Unique to a run of the tests, so that two runs on one engine never touch each other's. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${process.pid.toString(36)}${Date.now().toString(36)}${(sequence++).toString(36)}`;
}

/** One for each word: `const [web, other] = uniqueNames('web', 'other')`. */
export function uniqueNames<const Words extends readonly string[]>(...words: Words): { readonly [index in keyof Words]: string } {
  return words.map((word) => uniqueName(word)) as { [index in keyof Words]: string };
}

let sequence = 0;

/** Removes what carries the label, whatever happened before; what cannot be removed fails the suite. */
export async function removeLabelled(engine: Engine, labels: Readonly<Record<string, string>>): Promise<void> {
  const containers = await engine.containers.list({ labels });
  await Promise.all(containers.map(({ id }) => engine.containers.remove(id, { force: true })));
  await removeImages(engine, labels);
  for (const volume of await engine.volumes.list({ labels })) await engine.volumes.remove(volume.name);
  for (const network of await engine.networks.list({ labels })) await engine.networks.remove(network.name);
}

/** Docker removes no image before its children, so it takes rounds; one that removes nothing throws what stands in the way. */
async function removeImages(engine: Engine, labels: Readonly<Record<string, string>>): Promise<void> {
  let images = await engine.images.list({ labels });
  while (images.length > 0) {
    const outcomes: PromiseSettledResult<boolean>[] = [];
    for (const { id } of images) outcomes.push(...(await Promise.allSettled([engine.images.remove(id, { force: true })])));
    const refused = outcomes.find((outcome) => outcome.status === 'rejected');
    if (refused !== undefined && outcomes.every(({ status }) => status === 'rejected')) throw refused.reason;
    images = refused === undefined ? [] : await engine.images.list({ labels });
  }
}

function readLab(): Lab {
  const file = process.env['SLIPWAY_LAB'];
  if (file === undefined || file === '') {
    throw new Error('SLIPWAY_LAB does not name a lab.json: run the engine tests by "npm test", or start engines by "node scripts/lab.mjs up".');
  }
  return JSON.parse(readFileSync(file, 'utf8')) as Lab;
}
