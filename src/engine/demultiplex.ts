import type { LogChunk } from './model.ts';

/** A piece of a frame. */
export interface FramePart extends LogChunk {
  /** Whether a frame begins here. */
  readonly first: boolean;
}

/**
 * Takes the two streams of a container without a TTY apart: each frame is a stream number, three zeros, the length as a 32-bit big-endian number, the bytes.
 * Source: Docker Engine API, "Attach to a container", stream format. A frame's bytes are handed on as they come, so that one of a gigabyte needs no memory.
 */
export async function* demultiplex(source: AsyncIterable<Buffer>): AsyncGenerator<FramePart> {
  let header: Buffer = Buffer.alloc(0);
  let stream: LogChunk['stream'] = 'stdout';
  let left = 0;
  let first = false;
  for await (const chunk of source) {
    let data = chunk;
    while (data.length > 0) {
      if (left === 0) {
        const take = 8 - header.length;
        header = header.length === 0 ? data.subarray(0, take) : Buffer.concat([header, data.subarray(0, take)]);
        data = data.subarray(take);
        if (header.length < 8) break;
        stream = header[0] === 2 ? 'stderr' : 'stdout';
        left = header.readUInt32BE(4);
        first = true;
        header = Buffer.alloc(0);
        continue;
      }
      const part = data.subarray(0, left);
      data = data.subarray(part.length);
      left -= part.length;
      yield { stream, data: part, first };
      first = false;
    }
  }
}

/** A TTY has one stream, unframed. */
export async function* asStdout(source: AsyncIterable<Buffer>): AsyncGenerator<LogChunk> {
  for await (const data of source) yield { stream: 'stdout', data };
}
