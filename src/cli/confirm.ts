import { usageError } from '../errors.ts';
import { canAsk, type Call } from './call.ts';

/** Asks before something is removed for good, unless `--yes` (or what the flag is called) or `--dry-run`. Without a terminal that is a usage error that names the flag; "no" ends the command too. */
export async function confirmRemoval(call: Call, yes: true | undefined, question: string, flag = '--yes'): Promise<void> {
  if (yes === true || call.app.dryRun) return;
  if (!canAsk(call))
    throw usageError('Removing something for good has to be confirmed, and there is nobody to ask.', `Add ${flag}, or --dry-run to see what would be removed.`);
  const clack = await import('@clack/prompts');
  const answer = await clack.confirm({ message: question, initialValue: false, input: call.terminal.stdin, output: call.terminal.stderr });
  if (answer !== true) throw usageError('Nothing was removed.');
}

/** Asks before something is laid open, unless `--yes` or `--dry-run`. Without a terminal that is a usage error that names the flag. */
export async function confirmExposure(call: Call, yes: true | undefined, what: string): Promise<void> {
  call.app.out.warn(what);
  if (yes === true || call.app.dryRun) return;
  if (!canAsk(call))
    throw usageError('That has to be confirmed, and there is nobody to ask.', 'Add --yes, or leave --bind away: then only this machine reaches it.');
  const clack = await import('@clack/prompts');
  const answer = await clack.confirm({ message: 'Go on?', initialValue: false, input: call.terminal.stdin, output: call.terminal.stderr });
  if (answer !== true) throw usageError('Nothing was changed.');
}
