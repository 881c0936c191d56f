import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../state/atomic.ts';
import type { Lane } from './channel.ts';

/**
 * Whether a supervisor lives: it alone has a pipe open for reading, which the kernel closes however it ends, and which is seen from
 * outside of its container. `undefined`: it has not got that far.
 */
export async function isAlive(lane: Lane): Promise<boolean | undefined> {
  try {
    const handle = await openPipe(lane, 'alive', constants.O_WRONLY);
    await handle?.close();
    return handle !== undefined;
  } catch (error) {
    switch (errorCode(error)) {
      case 'ENOENT':
        return undefined;
      // Without the right to write, that it is there is all that can be told.
      case 'EACCES':
        return true;
      default:
        return false;
    }
  }
}

const waitMs = 3000;
const maximumBytes = 4 * 1024 * 1024;

/** The secrets that a living supervisor was given, for a driver that has to mask them: it offers them through a pipe. */
export async function recoverSecrets(lane: Lane): Promise<readonly (readonly [string, string])[] | undefined> {
  try {
    const handle = await openPipe(lane, 'secrets', constants.O_RDONLY);
    if (handle === undefined) return undefined;
    try {
      const text = await readUntilGo(handle);
      return text === undefined ? undefined : parseSecrets(text);
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}

/** `undefined`: something else stands there. */
async function openPipe(lane: Lane, name: string, flags: number): Promise<FileHandle | undefined> {
  const handle = await open(join(lane.path, name), flags | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  if ((await handle.stat()).isFIFO()) return handle;
  await handle.close();
  return undefined;
}

async function readUntilGo(handle: FileHandle): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for (const deadline = Date.now() + waitMs; Date.now() < deadline && length < maximumBytes; ) {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, null).catch((error: unknown) => {
      if (errorCode(error) === 'EAGAIN') return { buffer: Buffer.alloc(0), bytesRead: 0 };
      throw error;
    });
    parts.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
    const text = Buffer.concat(parts).toString('utf8');
    const end = parseEnd(text);
    if (end !== undefined) return text.slice(0, end);
    if (bytesRead === 0) await sleep(10);
  }
  return undefined;
}

/** Where the last secret ends: `go` may also be a line of one. */
function parseEnd(text: string): number | undefined {
  for (let at = 0; ; ) {
    if (text.startsWith('go\n', at)) return at;
    const head = /^secret \w+ (\d{1,6})\n/.exec(text.slice(at, at + 300));
    if (head === null) return undefined;
    at += head[0].length;
    for (let line = 0; line < Number(head[1]); line++) {
      const newline = text.indexOf('\n', at);
      if (newline < 0) return undefined;
      at = newline + 1;
    }
  }
}

function parseSecrets(text: string): readonly (readonly [string, string])[] {
  const secrets: [string, string][] = [];
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; ) {
    const [, name, count] = /^secret (\w+) (\d{1,6})$/.exec(lines[index] ?? '') ?? [];
    if (name === undefined) break;
    secrets.push([name, lines.slice(index + 1, index + 1 + Number(count)).join('\n')]);
    index += 1 + Number(count);
  }
  return secrets;
}
