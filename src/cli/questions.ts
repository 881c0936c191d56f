import { SlipwayError, usageError } from '../errors.ts';
import { Secret } from '../state/secret.ts';
import { canAsk, type Call } from './call.ts';

/** Asks before something is removed for good, unless `--yes` (or what the flag is called) or `--dry-run`. Without a terminal that is a usage error that names the flag; "no" is E_DECLINED. */
export async function confirmRemoval(call: Call, yes: true | undefined, question: string, flag = '--yes'): Promise<void> {
  if (yes === true || call.app.dryRun) return;
  if (!canAsk(call))
    throw usageError('Removing something for good has to be confirmed, and there is nobody to ask.', `Add ${flag}, or --dry-run to see what would be removed.`);
  if (!(await confirm(call, question))) throw declined('Nothing was removed.');
}

/** Asks before something is laid open, unless `--yes` or `--dry-run`. Without a terminal that is a usage error that names the flag; "no" is E_DECLINED. */
export async function confirmExposure(call: Call, yes: true | undefined, what: string): Promise<void> {
  call.app.out.warn(what);
  if (yes === true || call.app.dryRun) return;
  if (!canAsk(call))
    throw usageError('That has to be confirmed, and there is nobody to ask.', 'Add --yes, or leave --bind away: then only this machine reaches it.');
  if (!(await confirm(call, 'Go on?'))) throw declined();
}

/** A yes-or-no question on the terminal; Ctrl-C and Ctrl-D are "no". Whether there is one, `canAsk` tells. */
export async function confirm(call: Call, message: string, initialValue = false): Promise<boolean> {
  const clack = await import('@clack/prompts');
  return (await clack.confirm({ message, initialValue, input: call.terminal.stdin, output: call.terminal.stderr })) === true;
}

/** Asks for a value that the terminal does not show. Ctrl-C and Ctrl-D are E_DECLINED. */
export async function askHidden(call: Call, name: string): Promise<Secret> {
  const clack = await import('@clack/prompts');
  const answer = await clack.password({
    message: name,
    validate: (value) => (value === undefined || value === '' ? 'It cannot be empty.' : undefined),
    input: call.terminal.stdin,
    output: call.terminal.stderr,
  });
  if (typeof answer !== 'string') throw declined();
  return new Secret(answer);
}

/** Somebody said no. */
export function declined(message = 'Nothing was changed.', hint?: string): SlipwayError {
  return new SlipwayError('E_DECLINED', message, hint === undefined ? {} : { hint });
}
