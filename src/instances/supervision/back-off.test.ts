import { describe, expect, it } from 'vitest';
import { afterEnd, restartSettings, restartsAfterRun } from './back-off.ts';

const settings = restartSettings({});
const at = (seconds: number) => new Date(Date.UTC(2026, 10, 21) + seconds * 1000);

/** A service that runs for so long each time, until it is given up or for an hour. */
function life(runSeconds: number): { readonly delays: readonly number[]; readonly failedAfter: number | undefined } {
  const delays: number[] = [];
  let restarts: readonly string[] = [];
  for (let now = 0; now < 3600; ) {
    const startedAt = at(now).toISOString();
    now += runSeconds;
    restarts = restartsAfterRun(restarts, startedAt, at(now), settings);
    const decision = afterEnd(restarts, at(now), settings);
    if ('failed' in decision) return { delays, failedAfter: now };
    delays.push(decision.restartInMs / 1000);
    now += decision.restartInMs / 1000;
    restarts = [...restarts, at(now).toISOString()];
  }
  return { delays, failedAfter: undefined };
}

describe('restarts', () => {
  it('come after 1, 2, 4 … 60 s, ten in ten minutes, then it has failed', () => {
    expect(life(0)).toEqual({ delays: [1, 2, 4, 8, 16, 32, 60, 60, 60, 60], failedAfter: 303 });
  });

  it('of a service that crashes after a minute stay slow, and are no loop without end in a short time', () => {
    const { delays, failedAfter } = life(60);
    expect([delays.slice(6), failedAfter]).toEqual([delays.slice(6).map(() => 60), undefined]);
  });

  it('are forgotten after ten minutes of good running', () => {
    expect(life(600).delays.every((delay) => delay === 1)).toBe(true);
    expect(restartsAfterRun([at(0).toISOString()], at(1).toISOString(), at(600), settings)).toHaveLength(1);
  });

  it('are counted within the window alone, whatever the delay', () => {
    const old = Array.from({ length: 10 }, (_, index) => at(index).toISOString());
    expect(afterEnd(old, at(20), settings)).toEqual({ failed: 'it ended 11 times in 600 s' });
    expect(afterEnd(old, at(620), settings)).toEqual({ restartInMs: 60_000 });
  });
});

describe('settings', () => {
  it('are the documented ones, and can be given', () => {
    expect(settings).toEqual({ delayMs: 1_000, longestDelayMs: 60_000, limit: 10, windowMs: 600_000 });
    expect(restartSettings({ SLIPWAY_RESTART_DELAY: '50ms', SLIPWAY_RESTART_LIMIT: '3', SLIPWAY_RESTART_WINDOW: '' })).toMatchObject({
      delayMs: 50,
      limit: 3,
      windowMs: 600_000,
    });
  });

  it.each([
    ['SLIPWAY_RESTART_DELAY', 'soon'],
    ['SLIPWAY_RESTART_LIMIT', '0'],
  ])('%s=%s is a mistake', (name, value) => {
    expect(() => restartSettings({ [name]: value })).toThrow(new RegExp(name));
  });
});
