import type { Command } from '@commander-js/extra-typings';
import { type Act, jsonFlag } from '../act.ts';
import { parseCountFromOne } from '../option-values.ts';

export function register(program: Command, act: Act): void {
  program
    .command('journal')
    .description('Show every change that Slipway made or began: who, when, what, and how it ended.')
    .option('--last <count>', 'only the newest', parseCountFromOne, 50)
    .option(...jsonFlag)
    .action((options) => act(options, async (call) => (await import('./show.ts')).show(call, options)));
}
