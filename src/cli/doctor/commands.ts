import type { Command } from '@commander-js/extra-typings';
import { type Act, jsonFlag } from '../act.ts';

export function register(program: Command, act: Act): void {
  program
    .command('doctor')
    .description('Tell which engines there are, which one is used and why, and what is wrong with each. Exit code 1 where something is.')
    .option('--adopt', "take over a state directory that was moved here: its containers are this install's")
    .option('--new-install', "give a copied state directory an identity of its own: it leaves the original's containers alone")
    .option(...jsonFlag)
    .action((options) => act(options, async (call) => (await import('./doctor.ts')).doctor(call, options), { recover: false }));
}
