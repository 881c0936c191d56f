import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { templatesDir } from '../../agents/templates.ts';
import type { Executor, Launched } from '../executors/model.ts';

export interface SupervisorOrder {
  /** `<run>/<job>/<attempt>`: what its processes are found by. */
  readonly marker: string;
  readonly graceSeconds: number;
  /** Of all steps together; `undefined`: none. */
  readonly limitSeconds?: number | string | undefined;
  /** `undefined`: they are named one by one, on its stdin. */
  readonly steps?: number | undefined;
  /** Its folder, as it sees it. */
  readonly lane: string;
  /** What steps get, by name. */
  readonly secrets: readonly (readonly [string, string])[];
}

/**
 * Starts a supervisor. With its steps named its stdin is at its end, else it waits there for each step. `prepare` makes what has to be
 * there before it begins, while the engine starts it.
 */
export async function startSupervisor(executor: Executor, order: SupervisorOrder, signal: AbortSignal, prepare = async () => {}): Promise<Launched> {
  const { marker, graceSeconds, limitSeconds = 0, steps, lane, secrets } = order;
  const argv = ['run', marker, String(Math.ceil(graceSeconds)), String(limitSeconds), steps === undefined ? '-' : String(steps)];
  const launched = await launch(executor, argv, { SLIPWAY_SUPERVISOR: `@${marker}/` }, signal);
  try {
    await prepare();
  } catch (error) {
    // Without a header it ends.
    launched.stdin.end();
    throw error;
  }
  const header = [`lane ${lane}`, ...secrets.map(([name, value]) => `secret ${name} ${value.split('\n').length}\n${value}`), 'go', ''].join('\n');
  if (steps === undefined) launched.stdin.write(header);
  else launched.stdin.end(header);
  return launched;
}

/** Time that an engine may need beside the grace. */
const slackMs = 15_000;

/**
 * Ends whatever is left of an attempt, its supervisor too. Gives how many processes the kernel has killed for memory by now, where
 * that can be told.
 */
export async function endLeftovers(executor: Executor, marker: string, graceSeconds: number): Promise<number | undefined> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), graceSeconds * 1000 + slackMs);
  try {
    const launched = await launch(executor, ['end', marker, String(Math.ceil(graceSeconds))], {}, controller.signal);
    launched.stdin.end();
    const said = readBeginning(launched);
    await Promise.race([launched.exited(), sleep(graceSeconds * 1000 + slackMs, undefined, { ref: false })]);
    const kills = /^oom (\d{1,15}) \.$/m.exec(await Promise.race([said, sleep(1000, '', { ref: false })]))?.[1];
    return kills === undefined ? undefined : Number(kills);
  } catch {
    // Where nothing can be started any more, nothing runs: the executor's own end tells why.
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

const keptBytes = 4096;

/** What a supervisor said before it could tell of itself in its records. */
export async function readBeginning({ output }: Launched): Promise<string> {
  let text = '';
  try {
    for await (const chunk of output) if (text.length < keptBytes) text += String(chunk);
  } catch {
    // What came before its connection broke is what there is.
  }
  return text.slice(0, keptBytes).trim();
}

async function launch(executor: Executor, argv: readonly string[], env: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Launched> {
  const launched = await executor.launch(['/bin/sh', '-c', script('hand-over'), 'slipway-ci', ...argv], env, signal);
  // One that has ended is told of by its records.
  launched.stdin.on('error', () => {});
  launched.stdin.write(`${script('supervise')}#end\n`);
  return launched;
}

/** Without its comments, which nobody reads there. */
function script(name: string): string {
  return readFileSync(join(templatesDir(), 'ci', `${name}.sh`), 'utf8').replace(/^\s*#.*\n/gm, '');
}
