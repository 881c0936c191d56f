import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerParser } from './answer-parser.ts';

function parse(parts: readonly (string | Buffer)[], method = 'GET'): AnswerParser {
  const answer = new AnswerParser(method);
  for (const part of parts) answer.push(Buffer.from(part as string, 'latin1'));
  return answer;
}

const seen = ({ status, headers, text, complete, keepsAlive, rest }: AnswerParser) => ({ status, headers, text, complete, keepsAlive, rest: rest.toString() });

describe('an answer is read', () => {
  it.each([
    ['with a length', 'HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 5\r\n\r\nhello', { status: 200, text: 'hello', keepsAlive: true }],
    ['in chunks', 'HTTP/1.1 200 OK\r\ntransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nhel\r\n02\r\nlo\r\n0\r\nx: y\r\n\r\n', { text: 'hello', keepsAlive: true }],
    [
      'in chunks, whatever the length says',
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n',
      { text: '0123456789' },
    ],
    ['of nothing', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', { text: '', keepsAlive: true }],
    ['without a body: 204', 'HTTP/1.1 204 No Content\r\n\r\n', { status: 204, text: '' }],
    ['without a body: 304, which tells a length', 'HTTP/1.1 304\r\nContent-Length: 5\r\n\r\n', { status: 304, text: '' }],
    [
      'behind an interim one',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103\r\nx: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx',
      { status: 200, text: 'x' },
    ],
    ['on a connection that is closed then', 'HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 1\r\n\r\nx', { text: 'x', keepsAlive: false }],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx', { text: 'x', keepsAlive: false }],
    ['with bare line feeds', 'HTTP/1.1 200 OK\nContent-Length: 1\n\nx', { text: 'x' }],
    ['with another protocol behind it', 'HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\nbytes', { status: 101, rest: 'bytes' }],
  ])('%s, whole and byte by byte', (_, wire, wanted) => {
    expect(seen(parse([wire]))).toMatchObject({ ...wanted, complete: true });
    expect(seen(parse('rest' in wanted ? [wire] : [...wire]))).toMatchObject({ ...wanted, complete: true });
  });

  it('without a body to HEAD', () => {
    expect(seen(parse(['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'], 'HEAD'))).toMatchObject({ complete: true, text: '' });
  });

  it('without a length, to the end of the connection', () => {
    const answer = parse(['HTTP/1.1 200 OK\r\n\r\nhel', 'lo']);
    expect(answer.complete).toBe(false);
    answer.end();
    expect(seen(answer)).toMatchObject({ complete: true, text: 'hello', keepsAlive: false });
  });

  it.each([
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    'HTTP/1.1 200 OK\r\nx: y\r\n',
  ])('as unfinished where it is cut off: %j', (wire) => {
    const answer = parse([wire]);
    answer.end();
    expect([answer.begun, answer.complete]).toEqual([true, false]);
  });

  it('with characters that a split cuts through', () => {
    const body = Buffer.from('{"name":"Zoë 🚢"}');
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 40 }), fc.boolean(), (sizes, chunked) => {
        const head = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`;
        const chunks = chunked ? [...splits(body, [3, 9]).flatMap((part) => [`${part.length.toString(16)}\r\n`, part, '\r\n']), '0\r\n\r\n'] : [body];
        const wire = Buffer.concat([`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`, ...chunks].map((part) => Buffer.from(part as string, 'latin1')));
        const answer = parse(splits(wire, sizes));
        return answer.complete && answer.text === body.toString();
      }),
    );
  });

  it('and what comes behind it is no part of it', () => {
    expect(seen(parse(['HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP']))).toMatchObject({ complete: true, text: 'x', rest: 'HTTP' });
  });
});

it.each([
  ['SSH-2.0-OpenSSH\r\n', /not HTTP/],
  ['HTTP/2 200\r\n', /not HTTP/],
  ['HTTP/1.1 200 OK\r\nno colon\r\n', /header/],
  ['HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n', /length/],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfive\r\n', /size/],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n', /longer/],
  [`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(70_000)}`, /without end/],
])('what is not an answer throws: %.40j', (wire, why) => {
  expect(() => parse([wire])).toThrow(why);
});

function splits(bytes: Buffer, sizes: readonly number[]): readonly Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    parts.push(bytes.subarray(at, at + size));
    at += size;
  }
  return parts;
}
