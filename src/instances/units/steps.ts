import { rm } from 'node:fs/promises';
import { SlipwayError } from '../../errors.ts';
import { run } from '../../host/process.ts';
import { systemdEnvironment } from '../../host/systemd.ts';
import type { Step, StepKind } from '../../operations/model.ts';
import { stateError, writeFileAtomic } from '../../state/atomic.ts';
import type { UnitScope } from './model.ts';
import { askerOf } from './observe.ts';

interface UnitStep extends Step {
  readonly instance: string;
  readonly file: string;
  /** Of `unit-write`. */
  readonly text: string;
}

interface CommandStep extends Step {
  readonly instance: string;
  readonly scope: UnitScope;
  readonly argv: readonly string[];
}

const write: StepKind = {
  do: 'instance.unit-write',
  describe: (step) => `Write ${(step as UnitStep).file}`,
  async apply(_context, step) {
    const { file, text } = step as UnitStep;
    await writeFileAtomic(file, text);
  },
};

const remove: StepKind = {
  do: 'instance.unit-remove',
  describe: (step) => `Remove ${(step as UnitStep).file}`,
  async apply(_context, step) {
    const { file } = step as UnitStep;
    await rm(file, { force: true }).catch((cause: unknown) => {
      throw stateError('remove', file, cause);
    });
  },
};

/** Each of them may be given twice. */
const command: StepKind = {
  do: 'instance.unit-command',
  describe: (step) => `Run \`${(step as CommandStep).argv.join(' ')}\``,
  async apply({ app }, step) {
    const { argv } = step as CommandStep;
    // Where systemd ends this process to carry out what it asks for, it does not wait for itself.
    const end = await run(argv, { env: systemdEnvironment(askerOf(app)), signal: app.signal });
    if (end.exitCode === 0) return;
    const text = argv.join(' ');
    throw new SlipwayError('E_UNIT', `\`${text}\` ended with ${end.exitCode ?? end.signal}.`, {
      hint: 'Mend what it complains about, then run the command again: it goes on from there.',
      ...(end.stderr.trim() === '' ? {} : { detail: end.stderr.trim() }),
    });
  },
};

export const steps: readonly StepKind[] = [write, remove, command];
