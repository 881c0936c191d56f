import { expect, it } from 'vitest';
import { median, ratio, summarize } from './statistics.mjs';

it('takes the middle of an odd number of values, in whatever order they come', () => {
  expect(median([9, 1, 100])).toBe(9);
});

it('takes the mean of the two in the middle of an even number', () => {
  expect(median([4, 1, 2, 100])).toBe(3);
});

it('leaves the measured values as they were', () => {
  const values = [3, 1, 2];
  median(values);
  expect(values).toEqual([3, 1, 2]);
});

it('has no median of nothing', () => {
  expect(() => median([])).toThrow(RangeError);
});

it('tells median, best and number of runs, in tenths of a millisecond', () => {
  expect(summarize([10.04, 30, 20.06])).toEqual({ median: 20.1, best: 10, runs: 3 });
});

it('compares medians, so that one slow run decides nothing', () => {
  expect(ratio(summarize([10, 11, 900]), summarize([44, 44, 1]))).toBe(0.25);
});
