const shape = /^(?=\d)(?:(\d{1,4})h)?(?:(\d{1,6})m)?(?:(\d{1,7})s)?$/;

/** No timer of Node.js or of a shell is asked for more. */
const mostSeconds = 7 * 24 * 3600;

/** `90s`, `10m`, `1h30m` in seconds; `undefined`: not a time limit. */
export function parseLimit(text: string): number | undefined {
  const total = secondsOf(text);
  return total !== undefined && total >= 1 && total <= mostSeconds ? total : undefined;
}

export const limitExpected = 'expected a time with its unit, such as 90s, 10m or 1h30m: at least 1s, at most 168h';

/** `500ms`, `0s`, `90s`, `1h30m` in milliseconds; `undefined`: not a span of time. */
export function parseSpan(text: string): number | undefined {
  const ms = /^(\d{1,9})ms$/.exec(text)?.[1];
  const total = ms === undefined ? (secondsOf(text) ?? Number.NaN) * 1000 : Number(ms);
  return total <= mostSeconds * 1000 ? total : undefined;
}

export const spanExpected = 'expected a time with its unit, such as 500ms, 30s or 10m: at most 168h';

/** As `parseSpan` reads it. */
export function formatSpan(ms: number): string {
  if (ms % 1000 !== 0) return `${ms}ms`;
  const seconds = ms / 1000;
  if (seconds > 0 && seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds > 0 && seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

function secondsOf(text: string): number | undefined {
  const match = shape.exec(text);
  if (match === null) return undefined;
  const [hours, minutes, seconds] = [match[1], match[2], match[3]].map((digits) => Number(digits ?? 0));
  return (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
}
