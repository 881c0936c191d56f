import type { Command } from '@commander-js/extra-typings';
import { type Act, dryRunFlag, jsonFlag } from '../act.ts';
import { parseCount } from '../option-values.ts';

export function register(program: Command, act: Act): void {
  const release = program.command('release').description("Releases: immutable, verified builds of a service's versions.");

  release
    .command('build <service-or-version> [version]')
    .description(
      "Build a release of a service's version, a git tag: `release build v1.2.0` in its repository, or `release build web v1.2.0`. Your work tree is left alone. One that is there is used as it is.",
    )
    .option('--repo <path-or-url>', "the service's repository (default: the one that you are in)")
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((first, second, options) => act(options, async (call) => (await import('./build.ts')).build(call, first, second, options)));

  release
    .command('list [service]')
    .alias('ls')
    .description('List releases: when and of what they were built, and which instances use them or can go back to them.')
    .option(...jsonFlag)
    .action((service, options) => act(options, async (call) => (await import('./list.ts')).list(call, service)));

  release
    .command('verify [service] [version]')
    .description('Look whether releases are whole: manifest, required files, every checksum, the image archive. Exits with 1 where one is not.')
    .option(...jsonFlag)
    .action((service, version, options) => act(options, async (call) => (await import('./verify.ts')).verify(call, service, version)));

  release
    .command('prune')
    .description('Remove old releases. Never one that an instance uses or could roll back to.')
    .option('--keep <count>', 'how many of the newest of each service stay', parseCount, 5)
    .option('-y, --yes', 'do not ask')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((options) => act(options, async (call) => (await import('./prune.ts')).prune(call, options)));
}
