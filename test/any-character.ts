import fc from 'fast-check';

/** What `unit: 'binary'` of fast-check means; that lists a million code points first. */
export const anyCharacter = fc
  .integer({ min: 0, max: 0x10ffff })
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code));
