/**
 * @typedef {import('./measure/statistics.mjs').Summary} Summary
 * @typedef {Record<string, Summary>} Times by the side's name; Slipway's is `slipway`
 * @typedef {{ rule: string, limit: number, actual: number, unit: 'ms' | '×', met: boolean }} Target
 */

/** The names of the sides that targets speak of. */
export const EMPTY = 'empty node';
export const CALLS = 'the same calls';

/**
 * Slipway within an empty Node.js, the same calls to the engine where there are any, and an allowance.
 * @param {Times} times
 * @param {string} words
 * @param {number} allowance
 * @returns {Target}
 */
export function atMost(times, words, allowance) {
  const calls = times[CALLS]?.median ?? 0;
  const limit = tenth((times[EMPTY]?.median ?? 0) + calls + allowance);
  const actual = times.slipway?.median ?? Number.NaN;
  return { rule: `≤ ${EMPTY} + ${words}${times[CALLS] ? ` + ${CALLS}` : ''}`, limit, actual, unit: 'ms', met: actual <= limit };
}

/** Slipway within so many milliseconds, whatever it stands beside. @param {Times} times @param {number} limit @returns {Target} */
export function within(times, limit) {
  const actual = times.slipway?.median ?? Number.NaN;
  return { rule: `≤ ${limit} ms`, limit, actual, unit: 'ms', met: actual <= limit };
}

/** Slipway within so many times what the other takes. @param {Times} times @param {string} other @param {number} factor @returns {Target} */
export function timesAsLong(times, other, factor) {
  const actual = quotient(times.slipway, times[other]);
  return { rule: `≤ ${factor} × ${other}`, limit: factor, actual: hundredth(actual), unit: '×', met: actual <= factor };
}

/** The other takes at least so many times what Slipway does. @param {Times} times @param {string} other @param {number} factor @returns {Target} */
export function timesFaster(times, other, factor) {
  const actual = quotient(times[other], times.slipway);
  return { rule: `${other} ≥ ${factor} × slower`, limit: factor, actual: hundredth(actual), unit: '×', met: actual >= factor };
}

/** @param {Summary | undefined} one @param {Summary | undefined} other */
function quotient(one, other) {
  return (one?.median ?? Number.NaN) / (other?.median ?? Number.NaN);
}

/** For people: what is judged is not rounded. @param {number} value */
function hundredth(value) {
  return Math.round(value * 100) / 100;
}

/** @param {number} ms */
function tenth(ms) {
  return Math.round(ms * 10) / 10;
}
