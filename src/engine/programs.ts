import type { Duplex } from 'node:stream';

/** What this room needs of child processes. `src/host/process.ts` and a PATH look-up are handed in, since rooms side by side do not import each other. */
export interface Programs {
  readonly run: (argv: readonly string[], options?: ProgramOptions) => Promise<ProgramEnd>;
  readonly openDuplex: (argv: readonly string[], options?: { readonly env?: Environment }) => Duplex & { ref(): void; unref(): void };
  readonly startDetached: (argv: readonly string[], options?: { readonly env?: Environment; readonly logFile?: string }) => Promise<number>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: Environment;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly onStdout?: (chunk: Buffer) => void;
  readonly onStderr?: (chunk: Buffer) => void;
  /** The program begins once this has settled. */
  readonly onStart?: (pid: number) => unknown;
}

export interface ProgramEnd {
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly aborted: boolean;
}
