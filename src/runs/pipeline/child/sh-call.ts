import { limitExpected, parseLimit } from '../../../state/duration.ts';
import { insideWorkspace } from '../inside.ts';
import type { ShCall } from '../protocol.ts';
import type { Command, ShOptions } from '../settings.ts';

const known = ['cwd', 'env', 'check', 'timeout'];

/** What `sh` was asked for, checked as a step of ci.yml is. Throws TypeError. */
export function shCall(command: Command, options: ShOptions): ShCall & { readonly check: boolean; readonly cmd: string } {
  const words = typeof command === 'string' ? command : Array.isArray(command) ? command.map(String) : undefined;
  if (words === undefined || words.length === 0 || words[0] === '' || [words].flat().some((word) => word.includes('\0'))) {
    throw new TypeError('sh(command): expected a text, or a list: a program and its arguments');
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new TypeError(`sh: unknown option \`${unknown}\`: expected one of ${known.join(', ')}`);
  const { cwd, env, check = true, timeout } = options;
  const inside = cwd === undefined ? undefined : insideWorkspace(String(cwd));
  if (cwd !== undefined && inside === undefined) throw new TypeError(`sh: \`cwd\`: expected a path inside the workspace, found ${JSON.stringify(cwd)}`);
  const timeoutSeconds = timeout === undefined ? undefined : parseLimit(String(timeout));
  if (timeout !== undefined && timeoutSeconds === undefined) throw new TypeError(`sh: \`timeout\`: ${limitExpected}, found ${JSON.stringify(timeout)}`);
  return {
    command: words,
    options: {
      ...(inside === undefined ? {} : { cwd: inside }),
      ...(env === undefined ? {} : { env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)])) }),
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    },
    check,
    cmd: typeof words === 'string' ? words : words.join(' '),
  };
}
