import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { SlipwayError } from '../../errors.ts';
import { run } from '../../host/process.ts';
import { Secret } from '../../state/secret.ts';

/** Where a person's `config.yml` says that a secret's value is. */
export type SecretSource =
  | { readonly env: string }
  /** Absolute, `~/…`, or relative to the folder of `config.yml`. */
  | { readonly file: string }
  /** Its stdout is the value. No shell reads it. */
  | { readonly command: readonly string[] };

export interface SecretSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** The folder of `config.yml`: the working directory of commands, too. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  /** Of one command. Default 60 s. */
  readonly timeoutMs?: number;
}

const maximumBytes = 64 * 1024;
const defaultTimeoutMs = 60_000;

/**
 * The values of these secrets. Of a file and a command one newline at the end is left out, which editors and programs add.
 * Throws E_NO_SECRET for a name that is not configured or whose source gives nothing; the message never holds a value.
 */
export async function readSecrets(
  settings: Readonly<Record<string, SecretSource>>,
  names: readonly string[],
  surroundings: SecretSurroundings,
): Promise<ReadonlyMap<string, Secret>> {
  const unknown = names.filter((name) => !Object.hasOwn(settings, name));
  if (unknown.length > 0) {
    throw new SlipwayError(
      'E_NO_SECRET',
      `${unknown.length === 1 ? 'The secret' : 'The secrets'} ${unknown.join(', ')} ${unknown.length === 1 ? 'is' : 'are'} not configured.`,
      {
        hint: `Say in config.yml where to find ${unknown.length === 1 ? 'it' : 'them'}: \`secrets: { ${unknown[0]}: { env: ${unknown[0]} } }\`.`,
      },
    );
  }
  const values = await Promise.all(
    names.map(async (name) => {
      const source = settings[name];
      return [name, new Secret(source === undefined ? '' : await readSource(name, source, surroundings))] as const;
    }),
  );
  return new Map(values);
}

async function readSource(name: string, source: SecretSource, surroundings: SecretSurroundings): Promise<string> {
  const value = 'env' in source ? surroundings.env[source.env] : await readBytes(name, source, surroundings);
  if (value === undefined) throw noSecret(name, `the variable ${'env' in source ? source.env : ''} is not set`);
  if (value === '') throw noSecret(name, 'it is empty');
  if (value.includes('\0')) throw noSecret(name, 'it holds a NUL, which no variable can');
  return value;
}

async function readBytes(name: string, source: Exclude<SecretSource, { readonly env: string }>, surroundings: SecretSurroundings): Promise<string> {
  const bytes = 'file' in source ? await readSecretFile(name, placeOf(source.file, surroundings)) : await runSource(name, source.command, surroundings);
  if (bytes.length > maximumBytes) throw noSecret(name, `it is larger than ${maximumBytes / 1024} KiB`);
  return bytes.toString('utf8').replace(/\r?\n$/, '');
}

async function readSecretFile(name: string, file: string): Promise<Buffer> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await handle.stat()).isFile()) throw noSecret(name, `${file} is not a file`);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(maximumBytes + 1), 0, maximumBytes + 1, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof SlipwayError) throw cause;
    throw noSecret(name, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

async function runSource(name: string, command: readonly string[], { env, folder, signal, timeoutMs = defaultTimeoutMs }: SecretSurroundings): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const end = await run(command, {
    env,
    cwd: folder,
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
    onStdout(chunk) {
      // What is too much already is not kept.
      if (bytes <= maximumBytes) chunks.push(chunk);
      bytes += chunk.length;
    },
  }).catch((cause: unknown) => {
    throw noSecret(name, cause instanceof Error ? cause.message : String(cause), cause);
  });
  signal?.throwIfAborted();
  if (end.timedOut) throw noSecret(name, `${command[0]} did not end in ${timeoutMs / 1000} s`);
  // What it says may hold the value: it is not shown.
  if (end.exitCode !== 0) throw noSecret(name, `${command[0]} ended with ${end.exitCode ?? end.signal}`);
  return Buffer.concat(chunks);
}

function placeOf(file: string, { home, folder }: SecretSurroundings): string {
  if (file.startsWith('~/')) return join(home, file.slice(2));
  return isAbsolute(file) ? file : join(folder, file);
}

function noSecret(name: string, why: string, cause?: unknown): SlipwayError {
  return new SlipwayError('E_NO_SECRET', `The secret ${name} cannot be read: ${why}.`, {
    hint: `Look at \`secrets.${name}\` in config.yml.`,
    ...(cause === undefined ? {} : { cause }),
  });
}
