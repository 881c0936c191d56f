import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { run } from '../src/host/process.ts';
import type { Lab, LabEngine } from './lab.ts';

const program = fileURLToPath(new URL('../scripts/lab.mjs', import.meta.url));

/** Engines of a test file's own, which it may kill: nobody else's containers die with them. */
export class OwnLab {
  private readonly directory: string;
  private lab: Lab | undefined;

  constructor(name: string) {
    this.directory = `/var/tmp/slipway-${name}-${process.pid}`;
    beforeAll(async () => {
      this.lab = JSON.parse(await this.command('up', '--json')) as Lab;
    }, 600_000);
    afterAll(async () => {
      await this.command('down');
    }, 120_000);
  }

  /** One of `node scripts/lab.mjs`; gives what it prints. */
  async command(...args: readonly string[]): Promise<string> {
    const end = await run([process.execPath, program, ...args, '--dir', this.directory], { timeoutMs: 600_000 });
    if (end.exitCode !== 0) throw new Error(`lab.mjs ${args.join(' ')} ended with ${end.exitCode ?? end.signal}:\n${end.stdout}${end.stderr}`);
    return end.stdout;
  }

  get images(): Lab['images'] {
    if (this.lab === undefined) throw new Error('the lab is not up');
    return this.lab.images;
  }

  engine(name: string): LabEngine {
    const found = this.lab?.engines.find((one) => one.name === name);
    if (found === undefined) throw new Error(`the lab has no ${name}`);
    return found;
  }
}
