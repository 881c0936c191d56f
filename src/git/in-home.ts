import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../host/process.ts';

export function homeOf(env: Environment): string {
  return env.HOME || homedir();
}

/** A path of git's configuration, with `~/` as git means it. */
export function inHome(path: string, env: Environment): string {
  return path.startsWith('~/') ? join(homeOf(env), path.slice(2)) : path;
}
