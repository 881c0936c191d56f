/**
 * The first eight digits of a short text's SHA-256. By hand: loading node:crypto for the names of a project's images takes longer
 * than most commands spend on anything else. For what is longer than a name, see fingerprint.ts.
 */
export function shortHash(text: string): string {
  const hash = known.get(text) ?? hashed(text);
  known.set(text, hash);
  return hash;
}

/** The same few names are asked for again and again. */
const known = new Map<string, string>();

function hashed(text: string): string {
  const bytes = Buffer.from(text);
  const padded = Buffer.alloc(((bytes.length + 72) >> 6) << 6);
  bytes.copy(padded);
  padded[bytes.length] = 0x80;
  padded.writeUIntBE(bytes.length * 8, padded.length - 6, 6);
  const [start, round] = constants();
  let state = start;
  for (let at = 0; at < padded.length; at += 64) state = compress(state, padded.subarray(at, at + 64), round);
  return ((state[0] ?? 0) >>> 0).toString(16).padStart(8, '0');
}

function compress(state: readonly number[], block: Buffer, round: readonly number[]): readonly number[] {
  const words = new Int32Array(64);
  for (let t = 0; t < 16; t++) words[t] = block.readInt32BE(t * 4);
  const word = (t: number) => words[t] ?? 0;
  for (let t = 16; t < 64; t++) {
    const [a, b] = [word(t - 15), word(t - 2)];
    words[t] = word(t - 16) + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + word(t - 7) + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let t = 0; t < 64; t++) {
    const first = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + (round[t] ?? 0) + word(t)) | 0;
    const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  return [a, b, c, d, e, f, g, h].map((value, index) => (value + (state[index] ?? 0)) | 0);
}

function turn(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits));
}

/** The first 32 bits of the fractions of the primes' square and cube roots, as FIPS 180-4 has them. */
function constants(): readonly [readonly number[], readonly number[]] {
  const primes: number[] = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  const fraction = (root: number) => ((root % 1) * 2 ** 32) | 0;
  return [primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime))), primes.map((prime) => fraction(Math.cbrt(prime)))];
}
