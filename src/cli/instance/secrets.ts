import type { Readable } from 'node:stream';
import { SlipwayError, usageError } from '../../errors.ts';
import { isVariableName } from '../../instances/env-file.ts';
import { Secret } from '../../state/secret.ts';
import { canAsk, type Call } from '../call.ts';
import { askHidden } from '../questions.ts';

type Values = Readonly<Record<string, Secret>>;

/** `NAME=VALUE`, and `NAME` alone, whose value `other` finds. The last of a name counts. */
export async function readVariables(words: readonly string[], other: (name: string) => Promise<Secret>): Promise<Values> {
  const values: Record<string, Secret> = {};
  for (const word of words) {
    const [, name = word, value] = /^([^=]*)=(.*)$/s.exec(word) ?? [];
    // What stands behind the sign may be secret: it is not shown again.
    if (!isVariableName(name))
      throw usageError(`${JSON.stringify(name)} is not the name of a variable.`, 'Write NAME=VALUE: letters, digits and _, no digit first.');
    if (value?.includes('\0')) throw usageError(`The value of ${name} has a NUL in it.`);
    values[name] = value === undefined ? await other(name) : new Secret(value);
  }
  return values;
}

/** `--env NAME`: as `docker run` has it. */
export async function fromEnvironment(call: Call, name: string): Promise<Secret> {
  const value = call.app.env[name];
  if (value === undefined) throw usageError(`--env ${name} has no value, and there is no variable ${name} here.`, `Write --env ${name}=VALUE.`);
  return new Secret(value);
}

/** Hidden on a terminal; else the whole of standard input, without its last line break. */
export async function askValue(call: Call, name: string): Promise<Secret> {
  if (canAsk(call)) return askHidden(call, name);
  if (call.terminal.stdin.isTTY) throw usageError(`${name} has no value, and there is nobody to ask.`, `Write ${name}=VALUE.`);
  const text = (await readAll(call.terminal.stdin)).replace(/\r?\n$/, '');
  if (text === '') throw usageError(`${name} has no value: standard input is empty.`, `Write ${name}=VALUE, or hand the value in on standard input.`);
  return new Secret(text);
}

/** Asks for what a service needs and nobody gave. Without a terminal that is an error which names the flag. */
export async function askMissing(call: Call, instance: string, required: readonly string[], given: Values): Promise<Values> {
  const missing = required.filter((name) => given[name] === undefined);
  if (missing.length === 0 || (call.app.dryRun && canAsk(call))) return given;
  if (!canAsk(call)) {
    const flags = missing.map((name) => `--env ${name}=VALUE`).join(' ');
    throw new SlipwayError('E_NO_SECRET', `Instance ${instance} needs ${missing.join(', ')}, and there is nobody to ask.`, {
      exitCode: 2,
      hint: `Add ${flags}.`,
    });
  }
  const asked: Record<string, Secret> = { ...given };
  for (const name of missing) asked[name] = await askHidden(call, name);
  return asked;
}

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer | string>) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
