import { chmod } from 'node:fs/promises';
import { SlipwayError } from '../errors.ts';
import { readFileIfAny, stateError, writeFileAtomic } from '../state/atomic.ts';
import { instanceEnvFile, type Paths } from '../state/paths.ts';
import { Secret } from '../state/secret.ts';

/** Variables of an instance's `.env`; their values show themselves nowhere. */
export type SecretEnvironment = Readonly<Record<string, Secret>>;

const name = /^[A-Za-z_][A-Za-z0-9_]*$/;

export const isVariableName = (text: string) => name.test(text);

/** None where there is no file. Throws E_BAD_FILE, which names lines and shows none. */
export async function readEnvFile(paths: Paths, instance: string): Promise<SecretEnvironment> {
  const file = instanceEnvFile(paths, instance);
  return parseEnv(file, (await readFileIfAny(file)) ?? '');
}

/** Sets and takes away; a person's comments and order stay. The file is its owner's alone. */
export async function editEnvFile(paths: Paths, instance: string, set: Readonly<Record<string, Secret>>, unset: readonly string[] = []): Promise<void> {
  const file = instanceEnvFile(paths, instance);
  const text = (await readFileIfAny(file)) ?? '';
  parseEnv(file, text);
  await writeFileAtomic(file, editEnv(text, set, unset), { mode: 0o600 });
  // A umask takes bits away and adds none, yet it may take the owner's.
  await chmod(file, 0o600).catch((cause: unknown) => {
    throw stateError('write', file, cause);
  });
}

/** `NAME=value`, `NAME="with \n, \t, \" and \\"`, `NAME='as it stands'`; blank lines, `# comments` and `export` are taken too. The last of a name counts. */
export function parseEnv(file: string, text: string): SecretEnvironment {
  const found: Record<string, Secret> = {};
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const parsed = parseLine(line);
    if (parsed === undefined) throw badLine(file, index + 1);
    if (parsed !== 'nothing') found[parsed.name] = new Secret(parsed.value);
  }
  return found;
}

export function editEnv(text: string, set: Readonly<Record<string, Secret>>, unset: readonly string[]): string {
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const written = new Set<string>();
  // From the end: the last line of a name is the one that counts.
  const edited = [...lines].reverse().flatMap((line) => {
    const parsed = parseLine(line);
    if (parsed === undefined || parsed === 'nothing') return [line];
    if (unset.includes(parsed.name)) return [];
    const value = set[parsed.name];
    if (value === undefined) return [line];
    if (written.has(parsed.name)) return [];
    written.add(parsed.name);
    return [formatLine(parsed.name, value)];
  });
  const added = Object.entries(set).flatMap(([key, value]) => (written.has(key) ? [] : [formatLine(key, value)]));
  return [...edited.reverse(), ...added].map((line) => `${line}\n`).join('');
}

function formatLine(key: string, secret: Secret): string {
  const value = secret.reveal();
  if (/^[\w@%+=:,./~-]*$/.test(value)) return `${key}=${value}`;
  if (!/['\n\r]/.test(value)) return `${key}='${value}'`;
  return `${key}="${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`;
}

function parseLine(line: string): { readonly name: string; readonly value: string } | 'nothing' | undefined {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return 'nothing';
  const match = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/s.exec(text);
  if (match === null || text.includes('\0')) return undefined;
  const [, key = '', raw = ''] = match;
  if (raw.startsWith("'")) {
    const value = /^'([^']*)'(?:\s+#.*)?$/.exec(raw)?.[1];
    return value === undefined ? undefined : { name: key, value };
  }
  if (raw.startsWith('"')) {
    const value = /^"((?:[^"\\]|\\.)*)"(?:\s+#.*)?$/.exec(raw)?.[1];
    return value === undefined ? undefined : { name: key, value: value.replace(/\\(.)/g, (_, escaped: string) => escapes[escaped] ?? escaped) };
  }
  return { name: key, value: raw };
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function badLine(file: string, line: number): SlipwayError {
  return new SlipwayError('E_BAD_FILE', `${file}:${line}: expected NAME=value, with the value's quotes closed.`, {
    hint: 'Mend the line; the file was left as it is, and what stands there is not shown.',
  });
}
