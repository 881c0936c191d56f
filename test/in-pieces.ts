import type { Masker } from '../src/runs/secrets/masker.ts';

/** What a masker makes of a whole stream that is cut after these lengths. */
export function inPieces(masker: Masker, bytes: Buffer, lengths: readonly number[]): Buffer {
  const stream = masker.stream();
  const parts: Buffer[] = [];
  let at = 0;
  for (const length of lengths) {
    parts.push(stream.push(bytes.subarray(at, at + length)).bytes);
    at += length;
  }
  parts.push(stream.push(bytes.subarray(at)).bytes, stream.end().bytes);
  return Buffer.concat(parts);
}
