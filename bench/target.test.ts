import { expect, it } from 'vitest';
import { summarize } from './measure/statistics.mjs';
import { atMost, CALLS, EMPTY, timesAsLong, timesFaster, within } from './target.mjs';

const times = (slipway: number, others: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries({ slipway, ...others }).map(([name, ms]) => [name, summarize([ms])]));

it('allows an empty Node.js, the same calls and the allowance, and not a tenth more', () => {
  const others = { [EMPTY]: 60, [CALLS]: 100 };
  expect(atMost(times(205, others), '45 ms', 45)).toMatchObject({ limit: 205, actual: 205, met: true });
  expect(atMost(times(205.1, others), '45 ms', 45).met).toBe(false);
});

it('allows nothing for calls where there are none', () => {
  expect(atMost(times(76, { [EMPTY]: 60 }), '15 ms', 15)).toMatchObject({ limit: 75, met: false });
});

it('holds Slipway against a multiple of another program, either way round', () => {
  expect(timesAsLong(times(31, { 'docker ps -a': 10 }), 'docker ps -a', 3)).toMatchObject({ actual: 3.1, met: false });
  expect(timesFaster(times(10, { 'devcontainer up': 40 }), 'devcontainer up', 4)).toMatchObject({ actual: 4, met: true });
});

it('holds Slipway against a time', () => {
  expect(within(times(300, { [EMPTY]: 60 }), 300)).toMatchObject({ rule: '≤ 300 ms', actual: 300, met: true });
  expect(within(times(300.1, { [EMPTY]: 60 }), 300).met).toBe(false);
});

it('rounds what is shown, not what is judged', () => {
  expect(timesAsLong(times(301, { 'docker exec': 1000 }), 'docker exec', 0.3)).toMatchObject({ actual: 0.3, met: false });
  expect(timesFaster(times(1000, { 'devcontainer up': 3999 }), 'devcontainer up', 4)).toMatchObject({ actual: 4, met: false });
});

it('meets no target where a side was not measured', () => {
  expect(timesFaster(times(10, {}), 'devcontainer up', 4).met).toBe(false);
});
