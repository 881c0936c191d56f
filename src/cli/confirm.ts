import type { Call } from './call.ts';

/** Asks yes or no; the caller has looked with `canAsk` whether there is anybody to answer. No answer is no. */
export async function confirm(call: Call, question: string): Promise<boolean> {
  const clack = await import('@clack/prompts');
  const answer = await clack.confirm({ message: question, initialValue: false, input: call.terminal.stdin, output: call.terminal.stderr });
  return answer === true;
}
