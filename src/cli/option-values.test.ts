import { describe, expect, it } from 'vitest';
import { parseCount, parseCountFromOne, parseNumber, parsePort, parseSeconds, parseSince } from './option-values.ts';

const parsers = {
  parseCount,
  parseCountFromOne,
  parseNumber,
  parsePort,
  parseSeconds,
  parseSince,
};

describe('the value of an option', () => {
  it.each([
    ['parseCount', '0', 0],
    ['parseCount', '999999999', 999_999_999],
    ['parseCountFromOne', '1', 1],
    ['parseNumber', '1.5', 1.5],
    ['parsePort', '1', 1],
    ['parseSeconds', '90', 90],
    ['parseSeconds', '1.5m', 90],
    ['parseSeconds', '0.2s', 1],
    ['parseSeconds', '2h', 7200],
    ['parseSeconds', '7d', 604_800],
  ] as const)('is read: %s(%j) is %d', (name, text, value) => {
    expect(parsers[name](text)).toBe(value);
  });

  it.each([
    ['parseCount', ['', '-1', '1.5', '1000000000', 'ten'], 'Write a whole number.'],
    ['parseCountFromOne', ['0', '01', '1000000000'], 'Write a whole number from 1 up.'],
    ['parseNumber', ['.5', '1.', '1e3', '1000000'], 'Write a number such as 2 or 1.5.'],
    ['parsePort', ['0', '65536', '100000', '80x', ''], 'Write a port from 1 to 65535.'],
    ['parseSeconds', ['', '1w', '-1', '1h30m'], 'Write a duration such as 90, 90s, 30m, 2h or 7d.'],
    ['parseSince', ['', 'yesterday', '1w'], 'Write a duration such as 10m or 2h, or a time such as 2026-11-21T08:00:00Z.'],
  ] as const)('is refused with what to write: %s(%j)', (name, texts, expected) => {
    for (const text of texts) expect(() => parsers[name](text), text).toThrow(expected);
  });

  it('is a moment, or a while before now', () => {
    expect(parseSince('2026-11-21T08:00:00Z')).toEqual(new Date(Date.UTC(2026, 10, 21, 8)));
    const before = Date.now() - 600_000;
    const since = parseSince('10m').getTime();
    expect([since >= before, since <= Date.now() - 600_000]).toEqual([true, true]);
  });
});
