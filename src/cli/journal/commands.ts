import { type Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { type Act, jsonFlag } from '../act.ts';

export function register(program: Command, act: Act): void {
  program
    .command('journal')
    .description('Show every change that Slipway made or began: who, when, what, and how it ended.')
    .option('--last <count>', 'only the newest', parseCount, 50)
    .option(...jsonFlag)
    .action((options) => act(options, async (call) => (await import('./show.ts')).show(call, options)));
}

function parseCount(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 1 up.');
  return Number(text);
}
