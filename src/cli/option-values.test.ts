import { describe, expect, it } from 'vitest';
import {
  parseCount,
  parseCountFromOne,
  parseKeep,
  parseManySeconds,
  parseNumber,
  parsePort,
  parseSeconds,
  parseServicePort,
  parseSince,
  parseSmallCount,
} from './option-values.ts';

const parsers = {
  parseCount,
  parseCountFromOne,
  parseKeep,
  parseManySeconds,
  parseNumber,
  parsePort,
  parseSeconds,
  parseServicePort,
  parseSince,
  parseSmallCount,
};

describe('the value of an option', () => {
  it.each([
    ['parseCount', '0', 0],
    ['parseCount', '999999999', 999_999_999],
    ['parseSmallCount', '999999', 999_999],
    ['parseCountFromOne', '1', 1],
    ['parseKeep', '0', 0],
    ['parseNumber', '1.5', 1.5],
    ['parsePort', '1', 1],
    ['parseServicePort', '65535', 65_535],
    ['parseSeconds', '90', 90],
    ['parseSeconds', '1.5m', 90],
    ['parseSeconds', '0.2s', 1],
    ['parseSeconds', '2h', 7200],
    ['parseManySeconds', '7d', 604_800],
  ] as const)('is read: %s(%j) is %d', (name, text, value) => {
    expect(parsers[name](text)).toBe(value);
  });

  it.each([
    ['parseCount', ['', '-1', '1.5', '1000000000', 'ten'], 'Write a whole number.'],
    ['parseSmallCount', ['', '1000000'], 'Write a whole number.'],
    ['parseCountFromOne', ['0', '01', '1000000000'], 'Write a whole number from 1 up.'],
    ['parseKeep', ['', '-1', '1000000'], 'Give how many stay, such as 5.'],
    ['parseNumber', ['.5', '1.', '1e3', '1000000'], 'Write a number such as 2 or 1.5.'],
    ['parsePort', ['0', '65536', '100000', '80x', ''], 'Write a port from 1 to 65535.'],
    ['parseServicePort', ['0', '65536', ' 80'], 'Give a port from 1 to 65535.'],
    ['parseSeconds', ['', '1w', '-1', '1h30m'], 'Write a duration such as 90, 90s, 30m or 2h.'],
    ['parseManySeconds', ['1w'], 'Write a duration such as 90, 90s, 30m, 2h or 7d.'],
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
