import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { type Environment, run } from './process.ts';

/** `system`: root's, with the machine. `user`: a person's own. */
export type ServiceScope = 'system' | 'user';

/** What a manager is asked for: who asks, and their environment. */
export interface Asker {
  readonly uid: number;
  readonly home: string;
  readonly env: Environment;
}

/** What systemd says of a unit. */
export interface UnitState {
  /** `active`, `inactive`, `failed`, `activating` … */
  readonly active: string;
  /** `enabled`, `disabled`; empty where there is no such unit. */
  readonly file: string;
}

/** Whether it is there to be asked: sd_booted(3), and for a person's own the socket of their manager. */
export function systemdAnswers(scope: ServiceScope, asker: Asker): boolean {
  return existsSync('/run/systemd/system') && (scope === 'system' || existsSync(join(runtimeDirectory(asker), 'systemd', 'private')));
}

/** Where units of one's own go, see systemd.unit(5). */
export function systemdFolder(scope: ServiceScope, { env, home }: Asker): string {
  return scope === 'system' ? '/etc/systemd/system' : join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'systemd', 'user');
}

export const systemctl = (scope: ServiceScope, ...args: readonly string[]): readonly string[] => [
  'systemctl',
  ...(scope === 'user' ? ['--user'] : []),
  '--no-ask-password',
  ...args,
];

/** systemctl needs to know where a person's manager is, also where they came by `su` or `sudo`. */
export function systemdEnvironment(asker: Asker): Environment {
  return { ...asker.env, XDG_RUNTIME_DIR: runtimeDirectory(asker), LC_ALL: 'C' };
}

/** One question for all. A unit that is not there has an empty `file`. */
export async function showUnits(scope: ServiceScope, units: readonly string[], asker: Asker): Promise<ReadonlyMap<string, UnitState>> {
  if (units.length === 0) return new Map();
  const argv = systemctl(scope, 'show', '--property=Id,ActiveState,UnitFileState', '--', ...units);
  const end = await run(argv, { env: systemdEnvironment(asker), timeoutMs: 10_000 });
  if (end.exitCode !== 0) {
    throw new SlipwayError('E_UNIT', `systemd does not answer: ${end.stderr.trim() || `${argv.join(' ')} ended with ${end.exitCode ?? end.signal}`}`, {
      hint: `Look at \`systemctl ${scope === 'user' ? '--user ' : ''}status\`, then run the command again.`,
    });
  }
  return new Map(end.stdout.split('\n\n').flatMap((block) => parseUnit(block)));
}

function parseUnit(block: string): readonly (readonly [string, UnitState])[] {
  const values = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const));
  const id = values.get('Id');
  return id === undefined ? [] : [[id, { active: values.get('ActiveState') ?? '', file: values.get('UnitFileState') ?? '' }]];
}

/** Whether a person's units live on without a session; logind keeps a file for each. */
export const isLingering = (user: string): boolean => existsSync(join('/var/lib/systemd/linger', user));

/** A word of `ExecStart=` or `Environment=`, see systemd.syntax(7) and systemd.service(5): specifiers, variables and quotes are taken literally. */
export function quoteWord(word: string): string {
  return /^[\w@+=:,./-]+$/.test(word) ? word : `"${quoted(word)}"`;
}

/** In a command line `$` begins a variable, which it does nowhere else. */
export const quoteArgument = (word: string): string => quoteWord(word).replaceAll('$', () => '$$');

/** The rest of a line, such as `WorkingDirectory=`. */
export function unitValue(value: string): string {
  // At the end of a line it would join the next one to it.
  if (value.endsWith('\\')) throw notInUnit(value, 'it ends with a backslash');
  return oneLine(value).replaceAll('%', '%%');
}

const quoted = (word: string): string => oneLine(word).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('\t', '\\t');

function oneLine(text: string): string {
  if (/[\0\n\r]/.test(text)) throw notInUnit(text, 'there is a line break in it');
  return text;
}

function notInUnit(text: string, why: string): SlipwayError {
  return new SlipwayError('E_UNIT', `A service unit cannot hold ${JSON.stringify(text)}: ${why}.`, { hint: 'Use a path without that.' });
}

function runtimeDirectory({ env, uid }: Asker): string {
  return env['XDG_RUNTIME_DIR'] || `/run/user/${uid}`;
}
