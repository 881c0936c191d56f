import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import type { App } from '../../operations/model.ts';
import type { LogLine } from '../log-lines.ts';
import { readInstanceIfAny, readInstanceState } from '../store.ts';
import { runningProcess } from './file.ts';
import { processLogFiles } from './log.ts';

export interface ProcessLogRequest {
  readonly follow: boolean;
  readonly tail?: number | undefined;
  readonly since?: Date | undefined;
}

const lookMs = 250;

/** What the program of a `process` wrote, over all its restarts and versions. Followed, it goes on until the instance is stopped or gone. */
export async function* readProcessLog(app: App, instance: string, { follow, tail, since }: ProcessLogRequest): AsyncGenerator<LogLine> {
  const files = processLogFiles(app.paths, instance);
  const current = files.at(-1) ?? '';
  // Opened before the others are read: what is rotated meanwhile is in it all the same.
  let tailing = existsSync(current) ? new Tail(current) : undefined;
  try {
    const isWanted = (line: LogLine) => since === undefined || Date.parse(line.at) >= since.getTime();
    let shown = (tailing?.lines() ?? []).filter(isWanted);
    // What was asked for may be found without the files before.
    for (const file of files.slice(0, -1).reverse()) if (tail === undefined || shown.length < tail) shown = [...linesOfFile(file).filter(isWanted), ...shown];
    yield* tail === undefined ? shown : tail === 0 ? [] : shown.slice(-tail);
    for (let last = !follow; !last; ) {
      app.signal.throwIfAborted();
      last = await hasEnded(app, instance);
      yield* tailing?.lines() ?? [];
      if (existsSync(current) && !tailing?.isCurrent()) {
        tailing?.close();
        tailing = new Tail(current);
        yield* tailing.lines();
      }
      if (!last) await app.clock.sleep(lookMs, app.signal);
    }
  } finally {
    tailing?.close();
  }
}

/** For a failure's message. */
export async function lastProcessLines(app: App, instance: string, count: number): Promise<string> {
  const lines: string[] = [];
  for await (const { text } of readProcessLog(app, instance, { follow: false, tail: count })) lines.push(text);
  return lines.join('\n');
}

/** A file that grows, and is renamed when it is full. */
class Tail {
  readonly #path: string;
  readonly #descriptor: number;
  #position = 0;
  #rest = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(path, 'r');
  }

  lines(): readonly LogLine[] {
    const { size } = fstatSync(this.#descriptor);
    const chunk = Buffer.alloc(Math.max(0, size - this.#position));
    const length = readSync(this.#descriptor, chunk, 0, chunk.length, this.#position);
    this.#position += length;
    const text = Buffer.concat([this.#rest, chunk.subarray(0, length)]);
    const end = text.lastIndexOf(0x0a) + 1;
    this.#rest = Buffer.from(text.subarray(end));
    return parseLines(text.subarray(0, end));
  }

  isCurrent(): boolean {
    try {
      return statSync(this.#path).ino === fstatSync(this.#descriptor).ino;
    } catch {
      // Between two names; it is looked at again.
      return true;
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function linesOfFile(file: string): readonly LogLine[] {
  return existsSync(file) ? parseLines(readFileSync(file)) : [];
}

function parseLines(text: Buffer): readonly LogLine[] {
  return text
    .toString('utf8')
    .split('\n')
    .flatMap((line) => {
      const [, at, stream, rest] = /^(\S+Z) (out|err) (.*)$/s.exec(line) ?? [];
      return at === undefined ? [] : [{ at, stream: stream === 'err' ? 'stderr' : 'stdout', text: rest ?? '' } as const];
    });
}

async function hasEnded(app: App, instance: string): Promise<boolean> {
  if ((await readInstanceIfAny(app.paths, instance, app.person.home)) === undefined) return true;
  if ((await readInstanceState(app.paths, instance)).desired === 'running') return false;
  return (await runningProcess(app.paths, instance)) === undefined;
}
