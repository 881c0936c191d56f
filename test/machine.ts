import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { type ProcessEnd, run } from '../src/host/process.ts';
import { machineId } from '../src/state/process-identity.ts';
import { cli, type LabEngine, type LabUser, lab } from './lab.ts';
import type { Sandbox } from './sandbox.ts';

const labProgram = fileURLToPath(new URL('../scripts/lab.mjs', import.meta.url));

/** The image of a machine that boots, made where it is missing. */
async function machineImage(engine: LabEngine): Promise<string> {
  const end = await run([process.execPath, labProgram, 'systemd', engine.name, '--dir', lab.dir], { timeoutMs: 900_000 });
  if (end.exitCode !== 0) throw new Error(`lab.mjs systemd ended with ${end.exitCode ?? end.signal}:\n${end.stdout}${end.stderr}`);
  return end.stdout.trim();
}

/**
 * A container with systemd as PID 1: a machine that boots and goes down. What Slipway makes from within it are its siblings, since it has
 * the engine's socket and the sandbox's folder, at the same paths.
 */
export class Machine {
  readonly #box: Sandbox;
  readonly #name: string;

  private constructor(box: Sandbox, name: string) {
    this.#box = box;
    this.#name = name;
  }

  static async boot(box: Sandbox, name: string): Promise<Machine> {
    const image = await machineImage(box.lab);
    const machine = new Machine(box, name);
    const shared = [box.directory, lab.dir, resolve(dirname(inject('program')), '..')];
    const options = [
      ...['--cap-add', 'SYS_ADMIN', '--security-opt', 'seccomp=unconfined', '--network', 'host'],
      // TERM has PID 1 read its units anew; this has it go down.
      ...['--stop-signal', 'SIGRTMIN+3', '--cgroupns', 'host', '--tmpfs', '/run', '--tmpfs', '/tmp'],
      ...['-v', '/sys/fs/cgroup:/sys/fs/cgroup:rw', '-v', `${process.execPath}:${process.execPath}:ro`],
      ...shared.flatMap((folder) => ['-v', `${folder}:${folder}`]),
    ];
    await machine.#engine('run', '-d', '--name', name, ...options, image);
    await machine.#booted();
    // To Slipway it is this machine, so that each may make what the other uses.
    await machine.ok(['sh', '-c', 'echo "$0" > /etc/machine-id', machineId()]);
    return machine;
  }

  /** Runs a program in it, as root or somebody that it knows. */
  exec(argv: readonly string[], as?: LabUser): Promise<ProcessEnd> {
    const user = as === undefined ? [] : ['-u', `${as.uid}:${as.gid}`, '-e', `XDG_RUNTIME_DIR=/run/user/${as.uid}`];
    const env = Object.entries(this.#box.env({ ...(as ? { HOME: as.home, USER: as.name } : { HOME: '/root' }) })).flatMap(([key, value]) => [
      '-e',
      `${key}=${value}`,
    ]);
    return cli(this.#box.lab, ['exec', ...env, ...user, '-w', this.#box.directory, this.#name, ...argv], { timeoutMs: 120_000 });
  }

  /** Its stdout; it has to succeed. */
  async ok(argv: readonly string[], as?: LabUser): Promise<string> {
    const end = await this.exec(argv, as);
    if (end.exitCode !== 0) throw new Error(`${argv.join(' ')} ended with ${end.exitCode ?? end.signal} in the machine:\n${end.stdout}${end.stderr}`);
    return end.stdout.trim();
  }

  slipway(args: readonly string[], as?: LabUser, env: Readonly<Record<string, string>> = {}): Promise<ProcessEnd> {
    const variables = Object.entries(env).map(([key, value]) => `${key}=${value}`);
    return this.exec([...(variables.length > 0 ? ['env', ...variables] : []), process.execPath, inject('program'), ...args], as);
  }

  /** Goes down in order and comes up again. */
  async reboot(): Promise<void> {
    await this.#engine('restart', '-t', '60', this.#name);
    await this.#booted();
  }

  /** Goes down as by a power cut. */
  async cut(): Promise<void> {
    await this.#engine('kill', this.#name);
  }

  async start(): Promise<void> {
    await this.#engine('start', this.#name);
    await this.#booted();
  }

  async addUser({ name, uid, gid, home }: LabUser): Promise<void> {
    await this.ok(['groupadd', '-o', '-g', `${gid}`, name]);
    await this.ok(['useradd', '-u', `${uid}`, '-g', `${gid}`, ...(existsSync(home) ? [] : ['-m']), '-d', home, name]);
  }

  async remove(): Promise<void> {
    await cli(this.#box.lab, ['rm', '-f', '-v', this.#name]);
  }

  async #booted(): Promise<void> {
    for (let tries = 0; tries < 120; tries += 1) {
      const end = await this.exec(['systemctl', 'is-system-running']);
      if (/^(?:running|degraded)$/.test(end.stdout.trim())) return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    throw new Error(`the machine does not come up: ${(await this.exec(['systemctl', 'list-jobs'])).stdout}`);
  }

  async #engine(...args: readonly string[]): Promise<void> {
    const end = await cli(this.#box.lab, args, { timeoutMs: 120_000 });
    if (end.exitCode !== 0) throw new Error(`docker ${args.join(' ')} ended with ${end.exitCode}:\n${end.stderr}`);
  }
}
