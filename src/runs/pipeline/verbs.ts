import { createHash } from 'node:crypto';
import type { Plan, Verb } from '../../operations/model.ts';
import { type InitObserved, type InitWanted, observeInit, planInit } from './init.ts';
import { readTrust, type TrustedTree } from './trust.ts';

/** A lock is a file, and a path is none. */
const repositoryLock = (path: string) => `pipeline/${createHash('sha256').update(path).digest('hex').slice(0, 16)}`;

export interface TrustWanted {
  /** Git's common directory. */
  readonly home: string;
  /** What was shown: the tree that has it now may be another one. */
  readonly sha256: string;
}

/** Lets the code of a tree of `.slipway/` run on this machine. */
export const trustPipeline: Verb<TrustWanted, readonly TrustedTree[]> = {
  name: 'pipeline.trust',
  locks: ({ home }) => [repositoryLock(home)],
  observe: (app, { home }) => readTrust(app.paths, home),
  plan: planTrust,
  reached: isTrusted,
  describe: ({ sha256 }) => `ci trust ${sha256.slice(0, 12)}`,
};

/** Writes a first pipeline, and a hook of git where it is wanted. Throws E_PIPELINE_EXISTS, E_HOOK_EXISTS, E_HOOK_ELSEWHERE before anything is written. */
export const initPipeline: Verb<InitWanted, InitObserved> = {
  name: 'pipeline.init',
  locks: ({ top }) => [repositoryLock(top)],
  observe: observeInit,
  plan: planInit,
  reached: ({ pipeline, hook }, wanted) => pipeline !== undefined && (!wanted.hook || hook?.existing === hook?.text),
  describe: ({ hook }) => `ci init${hook ? ' --hook' : ''}`,
};

export const verbs: readonly Verb[] = [trustPipeline, initPipeline] as readonly unknown[] as readonly Verb[];

function planTrust(known: readonly TrustedTree[], { home, sha256 }: TrustWanted): Plan {
  return { steps: isTrusted(known, { home, sha256 }) ? [] : [{ do: 'pipeline.trust', home, sha256 }] };
}

function isTrusted(known: readonly TrustedTree[], { sha256 }: TrustWanted): boolean {
  return known.some((tree) => tree.sha256 === sha256);
}
