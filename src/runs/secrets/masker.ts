import type { Json } from '../../operations/model.ts';
import { isShort, shortestMasked } from './forms.ts';
import { Patterns } from './patterns.ts';

/** What a piece of a stream came to. */
export interface Masked {
  readonly bytes: Buffer;
  /** How many bytes of the stream, from its beginning, are in what was given so far; those after it wait for what follows. */
  readonly consumed: number;
}

export interface MaskStream {
  push(chunk: Buffer): Masked;
  /** What was held back. */
  end(): Masked;
}

/** Secrets that overlap are one gap; a longer gap is cut, so that what repeats without end needs no memory. */
const longestGap = 16 * 1024;

/** Replaces every form of every secret by `{{ NAME }}`. Made once for a run. */
export class Masker {
  /** Names whose values are too short to be masked. */
  readonly short: readonly string[];
  private readonly patterns: Patterns;

  constructor(secrets: Iterable<readonly [string, string]>) {
    this.patterns = new Patterns(secrets);
    this.short = [...secrets].filter(([, value]) => isShort(value)).map(([name]) => name);
  }

  /** One sentence for a person; `undefined` where all are masked. */
  get warning(): string | undefined {
    if (this.short.length === 0) return undefined;
    const [subject, verb] = this.short.length === 1 ? ['The secret', 'is'] : ['The secrets', 'are'];
    return `${subject} ${this.short.join(', ')} ${verb} shorter than ${shortestMasked} characters and not masked in logs.`;
  }

  text(text: string): string {
    if (this.patterns.isEmpty) return text;
    return this.mask(Buffer.from(text), true).bytes.toString('utf8');
  }

  /** Masks every text in it, keys too. */
  json<T extends Json>(value: T): T {
    return this.maskJson(value) as T;
  }

  /** For bytes that come in pieces: a secret is found across them. What may be the beginning of one is held back until it is not. */
  stream(): MaskStream {
    let held: Buffer = Buffer.alloc(0);
    let consumed = 0;
    const take = (bytes: Buffer, isLast: boolean): Masked => {
      const masked = this.mask(bytes, isLast);
      consumed += masked.consumed;
      // A copy: what is held is small, what it is a part of is not.
      held = Buffer.from(bytes.subarray(masked.consumed));
      return { bytes: masked.bytes, consumed };
    };
    return {
      push: (chunk) => take(held.length === 0 ? chunk : Buffer.concat([held, chunk]), false),
      end: () => take(held, true),
    };
  }

  private mask(bytes: Buffer, isLast: boolean): Masked {
    if (this.patterns.isEmpty) return { bytes, consumed: bytes.length };
    const parts: Buffer[] = [];
    let at = 0;
    while (at < bytes.length) {
      const start = this.patterns.next(bytes, at, isLast);
      if (start > at) parts.push(bytes.subarray(at, start));
      at = start;
      if (start === bytes.length) break;
      const gap = this.gapAt(bytes, start, isLast);
      if (gap === undefined) break;
      parts.push(Buffer.from(gap.text));
      at = gap.end;
    }
    return { bytes: parts.length === 1 ? (parts[0] ?? bytes) : Buffer.concat(parts), consumed: at };
  }

  /** From a secret's beginning to where neither it nor one that overlaps it goes on. `undefined`: more bytes must tell. */
  private gapAt(bytes: Buffer, start: number, isLast: boolean): { readonly text: string; readonly end: number } | undefined {
    const first = this.patterns.at(bytes, start, isLast);
    if (first === 'open' || first === undefined) return undefined;
    const names = [first.name];
    let end = start + first.length;
    for (let at = start + 1; at < end && end - start < longestGap; at++) {
      const found = this.patterns.at(bytes, at, isLast);
      if (found === 'open') return undefined;
      if (found === undefined || at + found.length <= end) continue;
      end = at + found.length;
      if (!names.includes(found.name)) names.push(found.name);
    }
    return { text: names.map((name) => `{{ ${name} }}`).join(''), end };
  }

  private maskJson(value: Json | undefined): Json | undefined {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map((inner: Json) => this.maskJson(inner) ?? null);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [this.text(key), this.maskJson(inner)]));
  }
}
