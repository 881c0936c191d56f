import type { Command } from '@commander-js/extra-typings';
import { type Act, dryRunFlag, jsonFlag } from '../act.ts';

export function register(program: Command, act: Act): void {
  const project = program.command('project').description('Projects: a repository plus how its containers are built and run, in one project.yml.');

  project
    .command('new <project>')
    .description('Make a project.yml, with comments to go on from.')
    .option('--repo <address>', 'where workspaces come from: SSH, HTTPS, or a path on this machine')
    .option('--branch <name>', "the branch that a new workspace starts at (default: the upstream's)")
    .option('--base <image>', 'the image that everything starts from (default: `base` of config.yml, else ubuntu:24.04)')
    .option('--agent <name>', 'an agent of this project, may be repeated; the first is its default (default: those of config.yml)', collect)
    .option('--snippet <file>', "a file of Dockerfile lines for the project's own layer; - reads standard input")
    .option('--human-name <name>', 'whose name commits carry')
    .option('--human-email <address>', 'and the e-mail address')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((id, options) => act(options, async (call) => (await import('./new.ts')).newProject(call, id, options)));

  project
    .command('list')
    .alias('ls')
    .description('List projects.')
    .option(...jsonFlag)
    .action((options) => act(options, async (call) => (await import('./list.ts')).list(call)));

  project
    .command('show <project>')
    .description('Show the settings of a project with every default filled in, and where each comes from.')
    .option(...jsonFlag)
    .action((id, options) => act(options, async (call) => (await import('./show.ts')).show(call, id)));

  project
    .command('delete <project>')
    .alias('rm')
    .description('Remove a project that has no tasks: the folder of its project.yml, and what Slipway keeps of it. Images stay until `slipway image prune`.')
    .option('-y, --yes', 'do not ask')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((id, options) => act(options, async (call) => (await import('./delete.ts')).remove(call, id, options)));
}

function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}
