import { type Command, Option } from '@commander-js/extra-typings';
import { type Act, jsonFlag } from '../act.ts';

export function register(program: Command, act: Act): void {
  const ci = program.command('ci').description("Runs: a repository's pipeline at one commit, on this machine or in a container.");
  registerPlan(ci, act);
  registerValidate(ci, act);
}

function registerPlan(ci: Command, act: Act): void {
  ci.command('plan')
    .description("Show what the worktree's pipeline compiles to: its jobs, and with --json the whole plan.")
    .addOption(executorOption())
    .option(...jsonFlag)
    .action((options) => act(options, async (call) => (await import('./plan.ts')).plan(call, options), { recover: false }));
}

function registerValidate(ci: Command, act: Act): void {
  ci.command('validate')
    .description("Check the worktree's pipeline and tell every mistake with file, line and column. Nothing is run.")
    .addOption(executorOption())
    .option(...jsonFlag)
    .action((options) => act(options, async (call) => (await import('./validate.ts')).validate(call, options), { recover: false }));
}

function executorOption() {
  return new Option('--executor <kind>', "where the steps would run (default: the pipeline's)").choices(['container', 'host'] as const);
}
