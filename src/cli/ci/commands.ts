import { type Command, Option } from '@commander-js/extra-typings';
import { registerLogs } from './log-commands.ts';
import { registerRuns } from './run-commands.ts';
import { type Act, dryRunFlag, jsonFlag } from '../act.ts';

export function register(program: Command, act: Act): void {
  const ci = program.command('ci').description("Runs: a repository's pipeline at one commit, on this machine or in a container.");
  registerRuns(ci, act);
  registerLogs(ci, act);
  registerPlan(ci, act);
  registerValidate(ci, act);
  registerTrust(ci, act);
  registerInit(ci, act);
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

function registerTrust(ci: Command, act: Act): void {
  ci.command('trust [revision]')
    .description(
      'Let a pipeline in TypeScript run on this machine: show the files of .slipway/, their hash, and trust exactly these. By default those of the worktree.',
    )
    .option('-y, --yes', 'do not ask')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((revision, options) => act(options, async (call) => (await import('./trust.ts')).trust(call, revision, options)));
}

function registerInit(ci: Command, act: Act): void {
  ci.command('init')
    .description('Write a first .slipway/ci.yml, fitted to what the repository has at its top. Nothing is overwritten.')
    .option('--hook', 'also a pre-push hook that runs the pipeline at what is pushed')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((options) => act(options, async (call) => (await import('./init.ts')).init(call, options)));
}

function executorOption() {
  return new Option('--executor <kind>', "where the steps would run (default: the pipeline's)").choices(['container', 'host'] as const);
}
