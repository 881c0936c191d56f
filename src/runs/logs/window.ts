/**
 * The beginning and the end of an output, for a reader with little room such as a model: whole lines where that leaves enough, and
 * between them a line that says how much is left out. Memory is bounded by the room.
 */
export class Window {
  private readonly headRoom: number;
  private readonly tailRoom: number;
  private readonly head: Buffer[] = [];
  private headLength = 0;
  private tail: Buffer[] = [];
  private tailLength = 0;
  /** Bytes and newlines that left the tail's room. */
  private dropped = 0;
  private droppedLines = 0;

  /** The end tells more than the beginning: it gets two thirds. */
  constructor(bytes: number) {
    this.headRoom = Math.floor(bytes / 3);
    this.tailRoom = bytes - this.headRoom;
  }

  push(bytes: Buffer): void {
    const forHead = bytes.subarray(0, Math.max(0, this.headRoom - this.headLength));
    if (forHead.length > 0) this.head.push(Buffer.from(forHead));
    this.headLength += forHead.length;
    const rest = bytes.subarray(forHead.length);
    if (rest.length === 0) return;
    this.tail.push(Buffer.from(rest));
    this.tailLength += rest.length;
    if (this.tailLength > 2 * this.tailRoom + 64 * 1024) this.shrink();
  }

  end(): Buffer {
    if (this.tailLength > this.tailRoom) this.shrink();
    const head = Buffer.concat(this.head);
    const tail = Buffer.concat(this.tail);
    if (this.dropped === 0) return Buffer.concat([head, tail]);
    const headEnd = lineEnd(head);
    const tailStart = lineStart(tail);
    const leftOut = this.dropped + head.length - headEnd + tailStart;
    const lines = this.droppedLines + newlines(head.subarray(headEnd)) + newlines(tail.subarray(0, tailStart));
    const before = headEnd > 0 && head[headEnd - 1] !== 0x0a ? '\n' : '';
    return Buffer.concat([head.subarray(0, headEnd), Buffer.from(`${before}[… ${leftOut} bytes, ${lines} lines left out …]\n`), tail.subarray(tailStart)]);
  }

  private shrink(): void {
    const all = Buffer.concat(this.tail);
    const from = all.length - this.tailRoom;
    this.dropped += from;
    this.droppedLines += newlines(all.subarray(0, from));
    this.tail = [all.subarray(from)];
    this.tailLength = this.tailRoom;
  }
}

/** Where the last whole line ends; without one in the last half, where the last whole character does. */
function lineEnd(bytes: Buffer): number {
  const newline = bytes.lastIndexOf(0x0a);
  if (newline >= bytes.length / 2) return newline + 1;
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Where the first whole line begins; without one in the first half, where the first whole character does. */
function lineStart(bytes: Buffer): number {
  const newline = bytes.indexOf(0x0a);
  if (newline >= 0 && newline < bytes.length / 2) return newline + 1;
  let at = 0;
  while (at < Math.min(3, bytes.length) && ((bytes[at] ?? 0) & 0xc0) === 0x80) at += 1;
  return at;
}

function newlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) count += 1;
  return count;
}
