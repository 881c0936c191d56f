import { SlipwayError } from '../../errors.ts';
import type { Env } from '../../state/paths.ts';
import { parseSpan } from '../../state/duration.ts';

export interface RestartSettings {
  /** Before the first restart; it doubles with each. Default 1 s. */
  readonly delayMs: number;
  /** Default 60 s. */
  readonly longestDelayMs: number;
  /** In one window; one more, and it has failed. Default 10. */
  readonly limit: number;
  /** Also how long it has to run until its restarts are forgotten. Default 10 min. */
  readonly windowMs: number;
}

/** They are read by a supervisor, and kept in the units that are installed while they are set. */
export const restartVariables = ['SLIPWAY_RESTART_DELAY', 'SLIPWAY_RESTART_LONGEST_DELAY', 'SLIPWAY_RESTART_LIMIT', 'SLIPWAY_RESTART_WINDOW'] as const;

export function restartSettings(env: Env): RestartSettings {
  return {
    delayMs: duration(env, 'SLIPWAY_RESTART_DELAY', 1_000),
    longestDelayMs: duration(env, 'SLIPWAY_RESTART_LONGEST_DELAY', 60_000),
    limit: count(env, 'SLIPWAY_RESTART_LIMIT', 10),
    windowMs: duration(env, 'SLIPWAY_RESTART_WINDOW', 600_000),
  };
}

export type Decision = { readonly restartInMs: number } | { readonly failed: string };

/** What becomes of a service that has ended; `restarts` are the times of those since it last ran well. */
export function afterEnd(restarts: readonly string[], now: Date, settings: RestartSettings): Decision {
  const recent = restarts.filter((at) => now.getTime() - Date.parse(at) < settings.windowMs);
  if (recent.length >= settings.limit) {
    return { failed: `it ended ${recent.length + 1} times in ${Math.round(settings.windowMs / 1000)} s` };
  }
  return { restartInMs: Math.min(settings.delayMs * 2 ** restarts.length, settings.longestDelayMs) };
}

/** A run as long as the window was good: what was before does not count any more. */
export function restartsAfterRun(restarts: readonly string[], startedAt: string | undefined, now: Date, { windowMs }: RestartSettings): readonly string[] {
  return startedAt !== undefined && now.getTime() - Date.parse(startedAt) >= windowMs ? [] : restarts;
}

function duration(env: Env, name: string, otherwise: number): number {
  const text = env[name];
  if (!text) return otherwise;
  const ms = parseSpan(text);
  if (ms !== undefined) return ms;
  throw new SlipwayError('E_USAGE', `${name} is "${text}", which is no duration.`, { hint: 'Write one such as 500ms, 1s or 10m.', exitCode: 2 });
}

function count(env: Env, name: string, otherwise: number): number {
  const text = env[name];
  if (!text) return otherwise;
  if (/^[1-9][0-9]{0,3}$/.test(text)) return Number(text);
  throw new SlipwayError('E_USAGE', `${name} is "${text}", which is no count.`, { hint: 'Write a whole number from 1 on.', exitCode: 2 });
}
