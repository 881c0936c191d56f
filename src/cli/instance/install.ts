import { change } from '../../operations/change.ts';
import type { Step } from '../../operations/model.ts';
import { observeUnit, type UnitObserved, type UnitScope } from '../../instances/units/units.ts';
import { installInstance, uninstallInstance } from '../../instances/units/verbs.ts';
import { readInstance } from '../../instances/store.ts';
import { type Call, canAsk, printResult } from '../call.ts';
import { confirm } from '../questions.ts';

interface InstallOptions {
  readonly user?: true | undefined;
  readonly system?: true | undefined;
  readonly yes?: true | undefined;
}

export async function install(call: Call, name: string, options: InstallOptions): Promise<void> {
  const { app } = call;
  await readInstance(app.paths, name, app.person.home);
  const scope: UnitScope | undefined = options.user ? 'user' : options.system ? 'system' : undefined;
  const unit = await observeUnit(app, name, scope);
  const linger = unit.lingering === false && (await mayLinger(call, options));
  const changed = await change(app, installInstance, { instance: name, linger, ...(scope === undefined ? {} : { scope }) });
  if (app.dryRun) return printUnit(call, changed.plan.steps);
  if (unit.lingering === false && !linger) app.out.note(`Without lingering, ${name} stops when you log out: \`loginctl enable-linger ${app.person.name}\`.`);
  const now = await observeUnit(app, name, scope);
  const text = changed.operation === undefined ? `Instance ${name} has its unit already: ${now.file}` : `Instance ${name} has a unit: ${now.file}`;
  printResult(call, unitJson(name, now), text);
}

export async function uninstall(call: Call, name: string): Promise<void> {
  const { app } = call;
  const changed = await change(app, uninstallInstance, { instance: name });
  if (app.dryRun) return printUnit(call, changed.plan.steps);
  const { file } = changed.before.unit;
  const text =
    changed.operation === undefined ? `Instance ${name} has no unit.` : `The unit of ${name} is gone: ${file}. \`slipway supervise ${name}\` does what it did.`;
  printResult(call, { id: name, unit: { file, installed: false } }, text);
}

export const unitJson = (name: string, { manager, scope, unit, file, installed, enabled, active, failed, lingering }: UnitObserved) => ({
  id: name,
  unit: { manager, scope, name: unit, file, installed, enabled, active, failed, lingering: lingering ?? null },
});

async function mayLinger(call: Call, { yes }: InstallOptions): Promise<boolean> {
  if (yes || call.app.dryRun) return true;
  if (!canAsk(call)) return false;
  return confirm(call, 'Let your units live on after you have logged out (loginctl enable-linger)?', true);
}

/** The unit's whole text, and the commands around it. */
async function printUnit(call: Call, steps: readonly Step[]): Promise<void> {
  const parts = await Promise.all(steps.map(async (step) => partOf(step) ?? `# ${(await call.app.registry.stepKind(step.do)).describe(step)}`));
  printResult(call, { steps }, parts.length === 0 ? 'Nothing to do.' : parts.join('\n'));
}

function partOf(step: Step): string | undefined {
  const { text, file, argv } = step as { readonly text?: string; readonly file?: string; readonly argv?: readonly string[] };
  if (text !== undefined) return `# ${file}\n${text}`;
  return argv && `$ ${argv.join(' ')}`;
}
