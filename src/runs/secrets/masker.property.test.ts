import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anyCharacter } from '../../../test/any-character.ts';
import { inPieces } from '../../../test/in-pieces.ts';
import { numRuns } from '../../../test/thorough.ts';
import { formsOf } from './forms.ts';
import { Masker } from './masker.ts';

it('a masker lets no form of any secret through, wherever the stream is cut', () => {
  // Neither braces nor blanks: the mask itself would be part of a secret.
  const value = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'ab1'), minLength: 1, maxLength: 12 }),
    fc.string({ unit: fc.constantFrom(...'aZ09+/=\n\'"\\%&?é€'), minLength: 6, maxLength: 40 }),
    fc.string({ unit: anyCharacter, minLength: 6, maxLength: 30 }).map((text) => text.replace(/[\0{} ]/g, '_')),
  );
  const secrets = fc.array(value, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      secrets,
      fc.array(fc.tuple(fc.nat(), fc.nat(), fc.uint8Array({ maxLength: 5 })), { maxLength: 12 }),
      fc.array(fc.nat(30), { maxLength: 20 }),
      (values, plan, cuts) => {
        const masker = new Masker(new Map(values.map((text, index) => [`S${index}`, text])));
        const masked = values.filter((_, index) => !masker.short.includes(`S${index}`));
        const forms = masked.flatMap((text) => formsOf(text));
        const pieces = plan.flatMap(([form, cut, noise]) => {
          const bytes = forms.length === 0 ? Buffer.alloc(0) : (forms[form % forms.length] ?? Buffer.alloc(0));
          // Now and then only a part of it.
          return [Buffer.from(noise), cut % 3 === 0 ? bytes.subarray(0, cut % 7) : bytes];
        });
        const bytes = Buffer.concat(pieces);
        const whole = inPieces(masker, bytes, []);
        expect(inPieces(masker, bytes, cuts).toString('hex')).toBe(whole.toString('hex'));
        const rest = whole.toString('latin1').split(/\{\{ S\d \}\}/);
        const texts = forms.map((form) => form.toString('latin1'));
        expect(texts.filter((text) => rest.some((part) => part.includes(text)))).toEqual([]);
      },
    ),
    { numRuns: numRuns(20, 200) },
  );
});
