import { SlipwayError } from '../errors.ts';

export type IdentifierKind = 'project' | 'task' | 'instance' | 'service' | 'agent' | 'repository';

const identifier = /^[a-z0-9]+(?:[_-][a-z0-9]+)*$/;
const maximumLength = 63;

/** Whether a string may name a project, task, instance, service or agent: a legal image name and one path segment. */
export function isIdentifier(value: string): boolean {
  return value.length <= maximumLength && identifier.test(value);
}

/** Gives the identifier back, or throws E_BAD_ID. Called by everything that makes a path or a name of one. */
export function checkIdentifier(kind: IdentifierKind, value: string): string {
  if (isIdentifier(value)) return value;
  throw new SlipwayError('E_BAD_ID', `${JSON.stringify(shorten(value))} is not a ${kind} id.`, {
    hint: `Use small letters and digits, parted by single - or _, at most ${maximumLength} characters.`,
  });
}

/** A task's id is a count from 1, written without leading zeros. */
export function checkTaskId(value: string): string {
  if (/^[1-9][0-9]{0,8}$/.test(value)) return value;
  throw new SlipwayError('E_BAD_ID', `${JSON.stringify(shorten(value))} is not a task id.`, {
    hint: 'Task ids are numbers from 1 up. `slipway task list` shows them.',
  });
}

/** A run's id is its moment, in milliseconds, and chance, so that ids sort by time: `20261121t035312-0c72c41d`. */
export function isRunId(value: string): boolean {
  return /^[0-9]{8}t[0-9]{6}-[0-9a-f]{8}$/.test(value);
}

export function checkRunId(value: string): string {
  if (isRunId(value)) return value;
  throw new SlipwayError('E_BAD_ID', `${JSON.stringify(shorten(value))} is not a run id.`, { hint: '`slipway ci list` shows the runs.' });
}

function shorten(value: string): string {
  return value.length <= 40 ? value : `${value.slice(0, 37)}…`;
}

/** A release's version is a git tag's name. */
export function isVersion(value: string): boolean {
  return value.length <= 128 && /^[A-Za-z0-9_][A-Za-z0-9._+/-]*$/.test(value) && !/\.\.|\/\/|\/\.|\.lock(?:\/|$)|[/.]$/.test(value);
}

export function checkVersion(value: string): string {
  if (isVersion(value)) return value;
  throw new SlipwayError('E_BAD_ID', `${JSON.stringify(shorten(value))} is not a version.`, {
    hint: "A version is a git tag's name, such as v1.4.0: letters, digits, `.`, `_`, `+`, `-` and `/`.",
  });
}
