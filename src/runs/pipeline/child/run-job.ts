import type { ShError as ShErrorType } from '../builder.ts';
import type { FunctionEnd, Order } from '../protocol.ts';
import type { JobContext, ShResult } from '../settings.ts';
import type { Calls } from './calls.ts';
import { errorText, evaluate, isObject, madeJob } from './evaluate.ts';
import { plain } from './plain.ts';
import { shCall } from './sh-call.ts';

type RunOrder = Extract<Order, { do: 'run' }>;

/** Ends a function that asked to be skipped. */
class Skipped extends Error {}

/** Runs one job's function to its end, and to that of every command it gave away without waiting for it. `late`: failures that nobody waited for. */
export async function runJob(order: RunOrder, library: unknown, calls: Calls, late: readonly unknown[]): Promise<FunctionEnd> {
  let skipped: string | undefined;
  const sh = shWith(calls, library);
  const context: JobContext = {
    sh,
    secret: async (name) => String(await calls.secret(name)),
    needs: order.needs,
    push: order.push,
    matrix: order.matrix,
    skip(reason = '') {
      skipped = String(reason);
      throw new Skipped('skipped');
    },
  };
  try {
    const { made } = await evaluate(order.folder, library);
    const run = made.map(madeJob).find((found) => found?.name === order.job)?.made.run;
    if (run === undefined) throw new Error(`ci.ts made no function \`${order.job}\` this time`);
    const result: unknown = await run(context);
    await calls.idle();
    if (skipped !== undefined) return { kind: 'skipped', reason: skipped };
    if (late.length > 0) throw late[0];
    return { kind: 'returned', output: outputOf(result) };
  } catch (error) {
    await calls.idle();
    if (skipped !== undefined) return { kind: 'skipped', reason: skipped };
    return threw(error, order.folder);
  }
}

function outputOf(result: unknown) {
  return plain(
    result,
    () => undefined,
    ({ path, message }) => {
      throw new TypeError(`what the function returned ${path.length === 0 ? '' : `(\`${path.join('.')}\`) `}${message}`);
    },
  );
}

function threw(error: unknown, folder: string): FunctionEnd {
  const exit: unknown = isObject(error) && Reflect.get(error, 'name') === 'ShError' ? Reflect.get(error, 'exit') : undefined;
  return { kind: 'threw', message: errorText(error, folder), ...(typeof exit === 'number' && { exit }) };
}

function shWith(calls: Calls, library: unknown): JobContext['sh'] {
  // The library's own class: a person's `instanceof ShError` means that one.
  const { ShError } = library as { readonly ShError: typeof ShErrorType };
  return async (command, options = {}) => {
    const { check, cmd, ...call } = shCall(command, options);
    const { exit, stdout, stderr } = (await calls.sh(call)) as unknown as ShResult;
    const result: ShResult = { exit, stdout, stderr, cmd };
    if (check && exit !== 0) throw new ShError(result);
    return result;
  };
}
