import type { Command } from '@commander-js/extra-typings';
import { type Act, dryRunFlag, jsonFlag } from '../act.ts';
import { parseCount, parseSeconds } from '../option-values.ts';

export function register(program: Command, act: Act): void {
  const task = program.command('task').description('Tasks: a workspace, its metadata and a container. Each of the three persists on its own.');

  task
    .command('new <project>')
    .description('Make a task. Its workspace is filled, and its container made, by its first run.')
    .option('--name <text>', 'a name for people')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((project, options) => act(options, async (call) => (await import('./new.ts')).newTask(call, project, options)));

  task
    .command('start <project>')
    .description('Make a task and run it: `task new` and `task run-cli` in one.')
    .option('--name <text>', 'a name for people')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((project, options) => act(options, async (call) => (await import('./start.ts')).start(call, project, options)));

  task
    .command('list [project]')
    .alias('ls')
    .description('List tasks with the state that their engines tell now.')
    .option(...jsonFlag)
    .action((project, options) => act(options, async (call) => (await import('./list.ts')).list(call, project)));

  task
    .command('run-cli <project> <task>')
    .description("Make sure that the task's container runs, so that it can be entered with `task exec`.")
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((project, id, options) => act(options, async (call) => (await import('./run-cli.ts')).runCli(call, project, id)));

  task
    .command('stop <project> <task>')
    .description("Stop the task's container. Everything in it stays.")
    .option('--timeout <seconds>', "how long it may take before it is killed (default: the project's shutdown_timeout)", parseSeconds)
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((project, id, options) => act(options, async (call) => (await import('./stop.ts')).stop(call, project, id, options)));

  task
    .command('restart <project> <task>')
    .description("Start the task's container again, or make it anew where it is gone.")
    .option('--force', 'stop a running one first')
    .option('--recreate', 'make a new container from the current image; the workspace stays, what was installed in the old container goes')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((project, id, options) => act(options, async (call) => (await import('./restart.ts')).restart(call, project, id, options)));

  task
    .command('status <project> <task>')
    .description('Show a task: what is recorded, what the engine says, and where they disagree.')
    .option(...jsonFlag)
    .action((project, id, options) => act(options, async (call) => (await import('./status.ts')).status(call, project, id)));

  task
    .command('delete <project> <task>')
    .alias('rm')
    .description('Remove a task: container, workspace and metadata.')
    .option('-y, --yes', 'do not ask')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((project, id, options) => act(options, async (call) => (await import('./delete.ts')).remove(call, project, id, options)));

  task
    .command('exec <project> <task> [command...]')
    .description("Run a command in the task's running container; without one, a login shell. Exits as the command does, 125 where Slipway failed.")
    .option('--root', "as root instead of the task's user")
    .option('--no-tty', 'no terminal, even where there is one')
    .option('-w, --workdir <path>', 'working directory in the container (default: /workspace)')
    .option('-e, --env <name=value...>', 'a variable for the command')
    .passThroughOptions()
    .action((project, id, command, options) =>
      act({}, async (call) => (await import('./exec.ts')).exec(call, project, id, command, options), { failure: 125 }),
    );

  task
    .command('logs <project> <task>')
    .description("Print what the task's container wrote.")
    .option('-f, --follow', 'go on until the container ends')
    .option('--tail <lines>', 'only the last lines', parseCount)
    .action((project, id, options) => act({}, async (call) => (await import('./logs.ts')).logs(call, project, id, options)));

  program
    .command('run <project> <prompt>')
    .description('Run an agent headless in a new task, stream its output, and exit with its exit code (124: time limit, 125: Slipway failed).')
    .option('--agent <name>', "which agent (default: the project's default_agent)")
    .option('--timeout <duration>', 'end the agent after this long: 90, 90s, 30m, 2h (default: no limit)', parseSeconds)
    .option('-d, --detach', 'start it and return')
    .option('--name <text>', 'a name for the task')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((project, prompt, options) => act(options, async (call) => (await import('./run.ts')).run(call, project, prompt, options), { failure: 125 }));
}
