import { InvalidArgumentError } from '@commander-js/extra-typings';

/** Values of options, from the words that people write. */

export const parseCount = numberIn(/^[0-9]{1,9}$/, 'Write a whole number.');
export const parseCountFromOne = numberIn(/^[1-9][0-9]{0,8}$/, 'Write a whole number from 1 up.');
export const parseNumber = numberIn(/^[0-9]{1,6}(?:\.[0-9]{1,6})?$/, 'Write a number such as 2 or 1.5.');

function numberIn(shape: RegExp, expected: string): (text: string) => number {
  return (text) => {
    if (!shape.test(text)) throw new InvalidArgumentError(expected);
    return Number(text);
  };
}

const portDigits = numberIn(/^[0-9]{1,5}$/, 'Write a port from 1 to 65535.');

export function parsePort(text: string): number {
  const port = portDigits(text);
  if (port < 1 || port > 65_535) throw new InvalidArgumentError('Write a port from 1 to 65535.');
  return port;
}

export function parseSeconds(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('Write a duration such as 90, 90s, 30m, 2h or 7d.');
  return Math.ceil(ms / 1000);
}

/** A duration is one before now. */
export function parseSince(text: string): Date {
  const ms = parseDuration(text);
  const at = ms === undefined ? Date.parse(text) : Date.now() - ms;
  if (Number.isNaN(at)) throw new InvalidArgumentError('Write a duration such as 10m or 2h, or a time such as 2026-11-21T08:00:00Z.');
  return new Date(at);
}

const units: Readonly<Record<string, number>> = { '': 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90`, `90s`, `30m`, `2h`, `1d` in milliseconds; a bare number is seconds. `undefined`: not a duration. */
function parseDuration(text: string): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?)(s|m|h|d)?$/.exec(text);
  const unit = units[match?.[2] ?? ''];
  return match?.[1] === undefined || unit === undefined ? undefined : Math.round(Number(match[1]) * unit);
}
