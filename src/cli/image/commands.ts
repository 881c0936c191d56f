import { Argument, type Command } from '@commander-js/extra-typings';
import { type Act, dryRunFlag, jsonFlag } from '../act.ts';

export function register(program: Command, act: Act): void {
  program
    .command('build <project>')
    .description("Build what is missing or stale of a project's images, lower layers first. Does nothing where all match.")
    .option('--agents', 'agents at their newest: L1 anew, and what stands on it')
    .option('--full-rebuild', "everything anew, without the builder's cache, the base image pulled again")
    .option('--dev', 'L2-dev too, which `slipway shell` opens')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((project, options) => act(options, async (call) => (await import('./build.ts')).build(call, project, options)));

  program
    .command('generate <project>')
    .description("Write the Dockerfiles and contexts of a project's images, to be read or built by hand.")
    .option('--out <folder>', 'where to (default: build/<project>/ of the state directory)')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((project, options) => act(options, async (call) => (await import('./generate.ts')).generate(call, project, options)));

  program
    .command('shell <project> [command...]')
    .description(
      "Open a throw-away shell in a project's development image (L2-dev), or run a command there. Exits as the command does, 125 where Slipway failed.",
    )
    .passThroughOptions()
    .action((project, command) => act({}, async (call) => (await import('./shell.ts')).shell(call, project, command), { failure: 125 }));

  const image = program.command('image').description('Images: the layers that containers are made from.');

  image
    .command('list')
    .alias('ls')
    .description('List the images that Slipway made: fresh or stale and why, size, and who uses them.')
    .option(...jsonFlag)
    .action((options) => act(options, async (call) => (await import('./list.ts')).list(call)));

  image
    .command('build')
    .description('Build the image of a service template where it is missing or stale. There is one: opencode.')
    .addArgument(new Argument('<template>', 'which service').choices(['opencode']))
    .option('--full-rebuild', "everything anew, without the builder's cache, the base image pulled again")
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((_template, options) => act(options, async (call) => (await import('./build-service.ts')).buildService(call, options)));

  image
    .command('prune')
    .description('Remove images that no project and no container uses. Only what this Slipway made; a stopped container counts as using.')
    .option('-y, --yes', 'do not ask')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((options) => act(options, async (call) => (await import('./prune.ts')).prune(call, options)));

  image
    .command('import <archive> <name>')
    .description("Make an image of a root file system's tar archive (plain, gzip, xz or zstd), such as a base where no registry can be reached.")
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((archive, name, options) => act(options, async (call) => (await import('./transfer.ts')).importImage(call, archive, name)));

  image
    .command('save <name...>')
    .description('Write images to an archive that `slipway image load` takes, here or on another machine.')
    .requiredOption('-o, --output <file>', 'the archive to write')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((names, options) => act(options, async (call) => (await import('./save.ts')).save(call, names, options)));

  image
    .command('load <archive>')
    .description('Load the images of an archive that `slipway image save`, `docker save` or `podman save` wrote.')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((archive, options) => act(options, async (call) => (await import('./transfer.ts')).loadImages(call, archive)));

  image
    .command('pull <reference>')
    .description('Pull an image from its registry, with progress.')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((reference, options) => act(options, async (call) => (await import('./transfer.ts')).pull(call, reference)));
}
