// The process that a ci.ts runs in: it takes one order from the process that started it, and ends with it.
import type { Answer, Order, Said } from '../protocol.ts';
import { openCalls } from './calls.ts';
import { describe } from './describe.ts';
import { runJob } from './run-job.ts';

const calls = openCalls(say);

process.on('message', (message: Order | Answer) => {
  if ('answer' in message) calls.settle(message);
  else void follow(message);
});
// Whoever started it is gone: nobody would hear how it ended.
process.on('disconnect', () => process.exit(1));

/** A command that a function did not wait for may fail: it is the function that failed. */
const late: unknown[] = [];

async function follow(order: Order): Promise<void> {
  const library: unknown = await import(order.library);
  if (order.do === 'run') process.on('unhandledRejection', (error) => void late.push(error));
  say(order.do === 'describe' ? await describe(order.folder, library) : { say: 'end', end: await runJob(order, library, calls, late) }, () => process.exit(0));
}

/** Once the last word is out, what a script left open, such as a timer, does not keep it. */
function say(message: Said, then?: () => void): void {
  process.send?.(message, undefined, undefined, () => then?.());
}
