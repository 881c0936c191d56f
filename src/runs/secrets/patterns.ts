import { formsOf, isShort } from './forms.ts';

export interface Pattern {
  readonly bytes: Buffer;
  /** The secret whose form it is. */
  readonly name: string;
}

/** What is found at a place: how long it is, and of which secret. */
export type Found = Pick<Pattern, 'name'> & { readonly length: number };

/**
 * Finds any of many byte strings. Two bytes at the end of a window as long as the shortest of them say how far the window can move
 * on (Wu and Manber, 1994): most bytes are never looked at.
 */
export class Patterns {
  readonly longest: number;
  private readonly shortest: number;
  private readonly shifts: Uint8Array;
  /** By their first two bytes, longest first. */
  private readonly byStart: ReadonlyMap<number, readonly Pattern[]>;
  private readonly byFirst: ReadonlyMap<number, readonly Pattern[]>;

  constructor(secrets: Iterable<readonly [string, string]>) {
    const patterns = [...secrets]
      .flatMap(([name, value]) => (isShort(value) ? [] : formsOf(value)).map((bytes): Pattern => ({ bytes, name })))
      .sort((a, b) => b.bytes.length - a.bytes.length);
    this.longest = patterns[0]?.bytes.length ?? 0;
    this.shortest = patterns.at(-1)?.bytes.length ?? 0;
    this.byStart = grouped(patterns, ({ bytes }) => pair(bytes, 0));
    this.byFirst = grouped(patterns, ({ bytes }) => bytes[0] ?? 0);
    this.shifts = new Uint8Array(0x10000).fill(Math.min(Math.max(this.shortest - 1, 1), 255));
    for (const { bytes } of patterns) {
      for (let index = 0; index + 1 < this.shortest; index++) {
        const block = pair(bytes, index);
        this.shifts[block] = Math.min(this.shifts[block] ?? 0, this.shortest - 2 - index);
      }
    }
  }

  get isEmpty(): boolean {
    return this.longest === 0;
  }

  /** The first place from `from` on where something begins or, unless these bytes are the last, may begin; else the bytes' end. */
  next(bytes: Buffer, from: number, isLast: boolean): number {
    const { shifts, shortest } = this;
    let at = from;
    const end = bytes.length - shortest;
    while (at <= end) {
      const shift = shifts[((bytes[at + shortest - 2] ?? 0) << 8) | (bytes[at + shortest - 1] ?? 0)] ?? 1;
      if (shift === 0) {
        if (this.at(bytes, at, isLast) !== undefined) return at;
        at += 1;
      } else at += shift;
    }
    if (isLast) return bytes.length;
    while (at < bytes.length && this.at(bytes, at, false) === undefined) at += 1;
    return at;
  }

  /** The longest that stands at a place. `undefined`: none; `'open'`: more bytes must tell. */
  at(bytes: Buffer, at: number, isLast: boolean): Found | 'open' | undefined {
    for (const { bytes: wanted, name } of this.candidates(bytes, at)) {
      const length = Math.min(wanted.length, bytes.length - at);
      if (bytes.compare(wanted, 0, length, at, at + length) !== 0) continue;
      if (length === wanted.length) return { name, length };
      if (!isLast) return 'open';
    }
    return undefined;
  }

  private candidates(bytes: Buffer, at: number): readonly Pattern[] {
    const candidates = at + 1 < bytes.length ? this.byStart.get(pair(bytes, at)) : this.byFirst.get(bytes[at] ?? -1);
    return candidates ?? [];
  }
}

function pair(bytes: Buffer, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function grouped(patterns: readonly Pattern[], key: (pattern: Pattern) => number): ReadonlyMap<number, readonly Pattern[]> {
  const groups = new Map<number, Pattern[]>();
  for (const pattern of patterns) {
    const group = groups.get(key(pattern));
    if (group) group.push(pattern);
    else groups.set(key(pattern), [pattern]);
  }
  return groups;
}
