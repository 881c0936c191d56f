import type { Duplex, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError } from '../errors.ts';
import type { Api } from './api.ts';
import { asStdout, demultiplex } from './demultiplex.ts';
import type { CallOptions, ExecSession, ExecSpec } from './model.ts';
import { pathPart } from './reference.ts';
import { readChunks } from './stream.ts';

export async function startExec(api: Api, container: string, spec: ExecSpec, options: CallOptions = {}): Promise<ExecSession> {
  const action = `run ${spec.command[0] ?? 'nothing'} in container ${container}`;
  const tty = spec.tty ?? false;
  const { Id: id } = await api.json<{ readonly Id: string }>('POST', `/containers/${pathPart(container)}/exec`, {
    ...options,
    action,
    json: {
      Cmd: spec.command,
      User: spec.user,
      WorkingDir: spec.workingDir,
      Env: Object.entries(spec.env ?? {}).map(([key, value]) => `${key}=${value}`),
      Tty: tty,
      AttachStdin: spec.stdin ?? false,
      AttachStdout: true,
      AttachStderr: true,
      Privileged: spec.privileged ?? false,
    },
  });
  const socket = await api.hijack(`/exec/${id}/start`, { ...options, action, json: { Detach: false, Tty: tty } });
  const chunks = untilReset(readChunks(api.endpoint, socket));
  return {
    id,
    stdin: spec.stdin ? stdinOf(socket) : undefined,
    output: tty ? asStdout(chunks) : demultiplex(chunks),
    async resize(columns, rows) {
      await api.call('POST', `/exec/${id}/resize`, { action: 'resize the terminal', query: { w: columns, h: rows }, accept: [404, 409, 500] });
    },
    exitCode: () => exitCode(api, id, action, options.signal),
  };
}

/** A command that ends with stdin unread makes the engine close with a reset. That is its end; whether the engine is still there, `exitCode` finds out. */
async function* untilReset(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* chunks;
  } catch (error) {
    const cause = error instanceof SlipwayError ? error.cause : undefined;
    if (!(cause instanceof Error && 'code' in cause && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE'))) throw error;
  }
}

/** Writing to a command that has ended is no error of ours: its exit code tells the story. */
function stdinOf(socket: Duplex): Writable {
  socket.on('error', () => {});
  return socket;
}

interface WireExec {
  readonly Running: boolean;
  readonly ExitCode: number | null;
}

/** The stream may end a moment before the engine has noted the exit. */
async function exitCode(api: Api, id: string, action: string, signal: AbortSignal | undefined): Promise<number> {
  const limit = Date.now() + 10_000;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 250)) {
    const exec = await api.json<WireExec>('GET', `/exec/${id}/json`, { action, ...(signal === undefined ? {} : { signal }) });
    if (!exec.Running && exec.ExitCode !== null) return exec.ExitCode;
    if (Date.now() > limit) throw new SlipwayError('E_EXEC_RUNNING', `Cannot ${action} to its end: its output ended, yet it goes on`);
    await sleep(pauseMs);
  }
}
