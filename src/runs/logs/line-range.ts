/** Lines of an output as it came, both streams together: counted by their newlines, from 1. */
export class LineRange {
  private readonly first: number;
  private readonly last: number;
  private line = 1;

  constructor(first: number, last = Number.POSITIVE_INFINITY) {
    this.first = first;
    this.last = last;
  }

  /** The part of the next bytes that is in the range. */
  cut(bytes: Buffer): Buffer {
    let from = this.line >= this.first ? 0 : bytes.length;
    for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) {
      this.line += 1;
      if (this.line === this.first) from = at + 1;
      if (this.line === this.last + 1) return bytes.subarray(from, at + 1);
      // Inside of it, only its end has to be found.
      if (this.line >= this.first && this.last === Number.POSITIVE_INFINITY) break;
    }
    return this.line > this.last ? bytes.subarray(0, 0) : bytes.subarray(from);
  }

  get isOver(): boolean {
    return this.line > this.last;
  }
}

/** How many lines there are; one that no newline has ended counts. */
export class LineCount {
  private newlines = 0;
  private isOpen = false;

  push(bytes: Buffer): void {
    for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) this.newlines += 1;
    if (bytes.length > 0) this.isOpen = bytes.at(-1) !== 0x0a;
  }

  get lines(): number {
    return this.newlines + (this.isOpen ? 1 : 0);
  }
}
