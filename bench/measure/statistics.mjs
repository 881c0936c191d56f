/**
 * @typedef {object} Summary
 * @property {number} median milliseconds
 * @property {number} best milliseconds
 * @property {number} runs
 */

/** The middle value; of an even number, the mean of the two in the middle. @param {readonly number[]} values */
export function median(values) {
  if (values.length === 0) throw new RangeError('a median needs a value');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = Number(sorted[middle]);
  return sorted.length % 2 === 1 ? upper : (Number(sorted[middle - 1]) + upper) / 2;
}

/** @param {readonly number[]} values @returns {Summary} */
export function summarize(values) {
  return { median: round(median(values)), best: round(Math.min(...values)), runs: values.length };
}

/** How many times as long as `other`. @param {Summary} one @param {Summary} other */
export function ratio(one, other) {
  return Math.round((one.median / other.median) * 100) / 100;
}

/** Tenths of a millisecond: more is noise. @param {number} ms */
function round(ms) {
  return Math.round(ms * 10) / 10;
}
