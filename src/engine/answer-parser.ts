/** Names in small letters. Of a name that comes twice the last value counts: no header that Slipway reads does. */
export type AnswerHeaders = Readonly<Record<string, string>>;

/** So long may a line of the head be, as with Go's and Node's own parsers. */
const longestLine = 64 * 1024;
const nothing: Buffer = Buffer.alloc(0);

/**
 * Reads one answer of HTTP/1.1 from bytes in any split, to be had whole. What is not HTTP throws. Source: RFC 9112, sections 4 to 7.
 * An answer is lines, then counted bytes: `expect` says which.
 */
export class AnswerParser {
  status = 0;
  headers: AnswerHeaders = {};
  /** The whole answer has come; after a 101, the connection is another protocol's. */
  complete = false;
  /** Whether the connection can take another request. */
  keepsAlive = true;
  /** What came behind the answer. */
  rest: Buffer = nothing;
  readonly #method: string;
  readonly #body: Buffer[] = [];
  #expect: 'status' | 'header' | 'size' | 'chunk' | 'chunk-end' | 'trailer' | 'body' | 'close' = 'status';
  #left = 0;

  constructor(method: string) {
    this.#method = method;
  }

  /** Whether any of it has come. */
  get begun(): boolean {
    return this.#expect !== 'status' || this.status !== 0 || this.rest.length > 0;
  }

  get text(): string {
    const [only = nothing] = this.#body;
    return (this.#body.length > 1 ? Buffer.concat(this.#body) : only).toString('utf8');
  }

  push(bytes: Buffer): void {
    let data = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    while (data.length > 0 && !this.complete) {
      if (this.#expect === 'close') {
        this.#body.push(data);
        data = nothing;
      } else if (this.#expect === 'body' || this.#expect === 'chunk') {
        const part = data.subarray(0, this.#left);
        this.#body.push(part);
        this.#left -= part.length;
        data = data.subarray(part.length);
        if (this.#left === 0) this.#counted();
      } else {
        const end = data.indexOf(10);
        if (end < 0 && data.length <= longestLine) break;
        if (end < 0 || end > longestLine) throw new Error('its answer has a line without end');
        this.#line(data.toString('latin1', 0, data[end - 1] === 13 ? end - 1 : end));
        data = data.subarray(end + 1);
      }
    }
    this.rest = data;
  }

  /** The engine will send no more. An answer without a length is whole then. */
  end(): void {
    if (this.#expect === 'close') this.complete = true;
  }

  #counted(): void {
    if (this.#expect === 'chunk') this.#expect = 'chunk-end';
    else this.complete = true;
  }

  #line(line: string): void {
    switch (this.#expect) {
      case 'status': {
        const [, minor, status] = /^HTTP\/1\.([01]) ([1-9][0-9][0-9])(?: |$)/.exec(line) ?? [];
        if (status === undefined) throw new Error('its answer is not HTTP/1.1');
        this.status = Number(status);
        this.keepsAlive = minor === '1';
        this.headers = {};
        this.#expect = 'header';
        return;
      }
      case 'header': {
        if (line === '') {
          this.#headEnds();
          return;
        }
        const colon = line.indexOf(':');
        if (colon < 1) throw new Error('its answer has a header without a name');
        this.headers = Object.assign(this.headers, { [line.slice(0, colon).toLowerCase()]: line.slice(colon + 1).trim() });
        return;
      }
      case 'size': {
        const [, size] = /^([0-9a-f]{1,12})[ \t]*(?:;.*)?$/i.exec(line) ?? [];
        if (size === undefined) throw new Error('its answer has a chunk without a size');
        this.#left = Number.parseInt(size, 16);
        this.#expect = this.#left === 0 ? 'trailer' : 'chunk';
        return;
      }
      case 'chunk-end':
        if (line !== '') throw new Error('its answer has a chunk that is longer than it said');
        this.#expect = 'size';
        return;
      case 'trailer':
        if (line === '') this.complete = true;
    }
  }

  #headEnds(): void {
    const { status, headers } = this;
    if (/(^|,)\s*close\s*(,|$)/i.test(headers['connection'] ?? '')) this.keepsAlive = false;
    if (status === 101) this.complete = true;
    else if (status < 200) this.#expect = 'status';
    else if (this.#method === 'HEAD' || status === 204 || status === 304) this.complete = true;
    else if (/(^|,)\s*chunked\s*$/i.test(headers['transfer-encoding'] ?? '')) this.#expect = 'size';
    else if (headers['content-length'] !== undefined) this.#expectBytes(headers['content-length']);
    else {
      this.#expect = 'close';
      this.keepsAlive = false;
    }
  }

  #expectBytes(length: string): void {
    if (!/^[0-9]{1,15}$/.test(length)) throw new Error('its answer has a length that is no number');
    this.#left = Number(length);
    this.#expect = 'body';
    if (this.#left === 0) this.complete = true;
  }
}
