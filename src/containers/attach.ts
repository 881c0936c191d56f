import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { ExecSession } from '../engine/model.ts';
import type { ExitCode } from '../errors.ts';

export interface AttachedStreams {
  readonly tty: boolean;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** Connects a person's terminal, or pipes, to a running exec until it ends, and gives its exit code. */
export async function attachTerminal(session: ExecSession, streams: AttachedStreams): Promise<ExitCode> {
  const restore = streams.tty ? enterRawMode(session, streams) : () => {};
  const { stdin } = session;
  if (stdin !== undefined) {
    // The command may end without reading its input: that is no failure.
    stdin.on('error', () => {});
    streams.stdin.pipe(stdin);
  }
  try {
    for await (const { stream, data } of session.output) {
      const target = stream === 'stdout' ? streams.stdout : streams.stderr;
      if (!target.write(data)) await once(target, 'drain');
    }
    return await session.exitCode();
  } finally {
    if (stdin !== undefined) streams.stdin.unpipe(stdin);
    streams.stdin.pause();
    // A pipe that nobody closes would keep this process alive.
    if ('unref' in streams.stdin && typeof streams.stdin.unref === 'function') streams.stdin.unref();
    restore();
  }
}

/** Keys go to the program inside one by one, Ctrl-C among them; its terminal follows this one's size. */
function enterRawMode(session: ExecSession, { stdin, stdout }: AttachedStreams): () => void {
  const setRawMode = (on: boolean) => {
    if ('setRawMode' in stdin && typeof stdin.setRawMode === 'function') stdin.setRawMode(on);
  };
  const resize = () => {
    const { columns, rows } = stdout as Writable & { readonly columns?: number; readonly rows?: number };
    // The size is a nicety: an exec that has just ended refuses it.
    if (columns !== undefined && rows !== undefined) void session.resize(columns, rows).catch(() => {});
  };
  setRawMode(true);
  resize();
  stdout.on('resize', resize);
  return () => {
    stdout.off('resize', resize);
    setRawMode(false);
  };
}
