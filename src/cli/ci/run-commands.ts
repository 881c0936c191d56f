import { type Command, Option } from '@commander-js/extra-typings';
import { type Act, dryRunFlag, jsonFlag } from '../act.ts';
import { parseCount, parseSeconds } from '../option-values.ts';

export function registerRuns(ci: Command, act: Act): void {
  registerRun(ci, act);
  registerReading(ci, act);
  registerChanging(ci, act);
  registerRetry(ci, act);
  registerCleaning(ci, act);
}

const exits = 'Exits 0 where it succeeded, 1 where a command failed or timed out, 130 where it was cancelled, 125 for everything else.';

function registerRun(ci: Command, act: Act): void {
  ci.command('run [revision]')
    .description(`Run the pipeline at a commit (default: HEAD), show its jobs as they go, and tell how it ended. ${exits}`)
    .addOption(
      new Option('--executor <kind>', "where steps run: container (docker and podman: on that engine) or host (default: the pipeline's)").choices(kinds),
    )
    .option('--dirty', 'with what is changed and untracked in the worktree')
    .option('--job <name...>', 'only these jobs, with what they need')
    .option('--timeout <duration>', 'end the run after this long: 90, 90s, 30m, 2h (default: no limit)', parseSeconds)
    .option('--keep', 'leave container and workspace as they are at the end')
    .option('--supersede', 'take the place of runs of the same branch that are still in the queue')
    .option('-d, --detach', 'print its id and return')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((revision, options) => act(options, async (call) => (await import('./run.ts')).run(call, revision, options), { failure: 125 }));
}

const kinds = ['container', 'host', 'docker', 'podman'] as const;

function registerReading(ci: Command, act: Act): void {
  ci.command('list')
    .alias('ls')
    .description('List runs, newest first, with the queue and how they ended.')
    .option('--all', "those of all repositories (default: this one's, where the command is given in one)")
    .option('--limit <count>', 'at most so many that have ended', parseCount, 20)
    .option(...jsonFlag)
    .action((options) => act(options, async (call) => (await import('./list.ts')).list(call, options)));

  ci.command('show <run>')
    .description('Show all that is known of a run: its id, the beginning of it, or `latest`.')
    .option(...jsonFlag)
    .action((run, options) => act(options, async (call) => (await import('./show.ts')).show(call, run)));
}

function registerChanging(ci: Command, act: Act): void {
  ci.command('cancel <run>')
    .description('End a run and wait until it has. Given twice, it also ends jobs that always run.')
    .option(...jsonFlag)
    .action((run, options) => act(options, async (call) => (await import('./cancel.ts')).cancel(call, run)));

  ci.command('drive', { hidden: true })
    .description('Look after a run until it has ended. Slipway starts this itself.')
    .action(() => act({}, async (call) => (await import('./drive.ts')).drive(call), { revive: false }));
}

function registerRetry(ci: Command, act: Act): void {
  ci.command('retry <run>')
    .description(`Run the same again: the same commit, jobs and options. ${exits}`)
    .option('--failed', 'only the jobs that did not succeed, with what they need')
    .option('-d, --detach', 'print the id of the new run and return')
    .option(...jsonFlag)
    .action((run, options) => act(options, async (call) => (await import('./retry.ts')).retry(call, run, options), { failure: 125 }));
}

function registerCleaning(ci: Command, act: Act): void {
  ci.command('prune')
    .description('Remove old runs: records, logs, artifacts, kept workspaces and containers, images and caches. Runs that go on stay.')
    .option('--keep <count>', 'so many of each repository stay, the newest', parseCount)
    .option('--older-than <duration>', 'only runs, and caches that were not used since, that are older: 12h, 30d', parseSeconds)
    .option('-y, --yes', 'do not ask')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((options) => act(options, async (call) => (await import('./prune.ts')).prune(call, options)));

  ci.command('reap')
    .description('Settle runs that nobody looks after any more, and remove what runs have left behind. Other commands do so, too, as they come by.')
    .option(...jsonFlag)
    .action((options) => act(options, async (call) => (await import('./reap.ts')).reap(call), { revive: false }));
}
