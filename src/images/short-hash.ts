/**
 * FNV-1a of a short text, 32 bits in hexadecimal, for a name: what it stands for is read from labels. Loading node:crypto takes longer
 * than most commands spend on anything else; for what has to be unique, see fingerprint.ts.
 */
export function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
