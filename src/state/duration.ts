const shape = /^(?=\d)(?:(\d{1,4})h)?(?:(\d{1,6})m)?(?:(\d{1,7})s)?$/;

/** No timer of Node.js or of a shell is asked for more. */
const mostSeconds = 7 * 24 * 3600;

/** `90s`, `10m`, `1h30m` in seconds; `undefined`: not a time limit. */
export function parseLimit(text: string): number | undefined {
  const match = shape.exec(text);
  if (match === null) return undefined;
  const [hours, minutes, seconds] = [match[1], match[2], match[3]].map((digits) => Number(digits ?? 0));
  const total = (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
  return total >= 1 && total <= mostSeconds ? total : undefined;
}

export const limitExpected = 'expected a time with its unit, such as 90s, 10m or 1h30m: at least 1s, at most 168h';
