import { describe, expect, it } from 'vitest';
import { inPieces } from '../../../test/in-pieces.ts';
import { Masker } from './masker.ts';

const of = (secrets: Readonly<Record<string, string>>) => new Masker(new Map(Object.entries(secrets)));

describe('a masker', () => {
  it.each([
    ['itself', 'hunter2-and-more'],
    ['base64', Buffer.from('hunter2-and-more').toString('base64')],
    ['base64 behind one byte', Buffer.from('xhunter2-and-more').toString('base64').slice(2, -2)],
    ['base64 behind two bytes', Buffer.from('xxhunter2-and-more').toString('base64').slice(3)],
  ])('hides %s', (_, text) => {
    expect(of({ PASSWORD: 'hunter2-and-more' }).text(`a ${text} b`)).toBe('a {{ PASSWORD }} b');
  });

  it.each([
    ['a URL', 'a%20b%2Fc%3Fd%21'],
    ['a form', 'a+b%2Fc%3Fd%21'],
    ['a URL with small digits', 'a%20b%2fc%3fd!'],
    ['a path', 'a%20b/c%3Fd%21'],
    ['what JSON.stringify and encodeURIComponent leave', 'a%20b%2Fc%3Fd!'],
  ])('hides what a value is in %s', (_, text) => {
    expect(of({ KEY: 'a b/c?d!' }).text(`<${text}>`)).toBe('<{{ KEY }}>');
  });

  it('hides what a value is in JSON and behind quotes of a shell', () => {
    const masker = of({ KEY: 'it\'s "q\\ué' });
    expect(masker.text('{"a":"it\'s \\"q\\\\ué"}')).toBe('{"a":"{{ KEY }}"}');
    expect(masker.text('{"a":"it\'s \\"q\\\\u\\u00e9"}')).toBe('{"a":"{{ KEY }}"}');
    expect(masker.text(`+ echo 'it'\\''s "q\\ué'`)).toBe(`+ echo '{{ KEY }}'`);
  });

  it('hides each line of one with several, however it is indented', () => {
    const masker = of({ PEM: '-----BEGIN KEY-----\nMIIEvQIBADANBgkq\n  AAAABBBBCCCC\n-----END KEY-----\n' });
    expect(masker.text('    MIIEvQIBADANBgkq\r\nAAAABBBBCCCC\n')).toBe('    {{ PEM }}\r\n{{ PEM }}\n');
    expect(masker.text('-----BEGIN KEY-----\nMIIEvQIBADANBgkq\n  AAAABBBBCCCC\n-----END KEY-----')).toBe('{{ PEM }}');
  });

  it.each([64, 76])('hides base64 that is wrapped after %i columns', (width) => {
    const value = 'k'.repeat(40) + 'l'.repeat(60);
    const wrapped = (
      Buffer.from(value)
        .toString('base64')
        .match(new RegExp(`.{1,${width}}`, 'g')) ?? []
    ).join('\n');
    expect(of({ LONG: value }).text(`${wrapped}\n`)).toMatch(/^(?:\{\{ LONG \}\}=*\n)+$/);
  });

  it('prefers the longest, and hides what overlaps', () => {
    const masker = of({ SHORT: 'secret', LONG: 'secret-longer', TAIL: 'longer-tail' });
    expect(masker.text('secret secret-longer secret-longer-tail')).toBe('{{ SHORT }} {{ LONG }} {{ LONG }}{{ TAIL }}');
  });

  it('names those that are too short, and leaves them', () => {
    const masker = of({ PIN: '1234', BLANKS: '       ', LONG: 'long enough' });
    expect(masker.short).toEqual(['PIN', 'BLANKS']);
    expect(masker.warning).toBe('The secrets PIN, BLANKS are shorter than 6 characters and not masked in logs.');
    expect(masker.text('1234        long enough')).toBe('1234        {{ LONG }}');
    expect(of({ LONG: 'long enough' }).warning).toBeUndefined();
  });

  it('masks the texts of data, keys too', () => {
    expect(of({ KEY: 'sesame-open' }).json({ a: ['x sesame-open', 1, null, { 'sesame-open': true }] })).toEqual({
      a: ['x {{ KEY }}', 1, null, { '{{ KEY }}': true }],
    });
  });

  it('gives at once what cannot be a secret, and holds back only what may begin one', () => {
    const stream = of({ KEY: 'open-sesame' }).stream();
    expect(stream.push(Buffer.from('progress 50 %'))).toEqual({ bytes: Buffer.from('progress 50 %'), consumed: 13 });
    expect(stream.push(Buffer.from(' or open-se'))).toEqual({ bytes: Buffer.from(' or '), consumed: 17 });
    expect(stream.push(Buffer.from('same!'))).toEqual({ bytes: Buffer.from('{{ KEY }}!'), consumed: 29 });
    expect(stream.push(Buffer.from('open'))).toEqual({ bytes: Buffer.alloc(0), consumed: 29 });
    expect(stream.end()).toEqual({ bytes: Buffer.from('open'), consumed: 33 });
  });

  it('leaves bytes that are no text as they are', () => {
    const bytes = Buffer.from([0xff, 0xfe, 0, 0x80, 0xc3, 0x28]);
    expect(inPieces(of({ KEY: 'sesame-open' }), Buffer.concat([bytes, Buffer.from('sesame-open'), bytes]), [3, 5])).toEqual(
      Buffer.concat([bytes, Buffer.from('{{ KEY }}'), bytes]),
    );
  });

  it('needs no memory for what repeats without end', () => {
    const stream = of({ KEY: 'aaaaaaaa' }).stream();
    const chunk = Buffer.alloc(64 * 1024, 'a');
    let given = 0;
    let consumed = 0;
    for (let index = 0; index < 8; index++) {
      const masked = stream.push(chunk);
      given += masked.bytes.length;
      consumed = masked.consumed;
    }
    expect(8 * chunk.length - consumed).toBeLessThan(128 * 1024);
    expect(given).toBeLessThan(10_000);
  });
});
