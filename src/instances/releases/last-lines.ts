import { StringDecoder } from 'node:string_decoder';

/** The last of what a program said. A character may come in two chunks. */
export class LastLines {
  private readonly decoder = new StringDecoder('utf8');
  private kept = '';

  take(chunk: Buffer): string {
    const text = this.decoder.write(chunk);
    this.kept = (this.kept + text).slice(-16_384);
    return text;
  }

  text(count = 20): string {
    return this.kept.trimEnd().split(/\r?\n/).slice(-count).join('\n');
  }
}
