import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { openOwnRepository } from '../../git/own-repository.ts';
import { mirror } from '../../git/mirror.ts';
import type { Repository } from '../../git/repository.ts';
import { shown } from '../../git/seed.ts';
import { usageError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import { repositoryProblem } from '../../projects/repository.ts';
import { withHome } from '../from-fields.ts';

/** Where a service's versions come from. */
export interface Source {
  /** Absolute path, or the address: what a manifest and a config.yml record. */
  readonly repository: string;
  /** For people: without what somebody may have written into an address. */
  readonly shown: string;
  readonly git: Repository;
  /** Whether it is a copy of ours, which can be brought up to date. */
  readonly mirrored: boolean;
}

/** What was typed as a path or an address: `host:path` is an address unless such a folder is there. */
export function isAddress(text: string): boolean {
  return /^[a-z0-9+]+:\/\//i.test(text) || /^[A-Za-z0-9]+::/.test(text) || (/^[^/~.][^/]*:/.test(text) && !existsSync(text));
}

/** As it is recorded and looked up. Throws E_USAGE where it is an address that Slipway does not take. */
export function repositoryOf(app: App, text: string): string {
  if (!isAddress(text)) return resolve(withHome(text, app.env.HOME || app.person.home));
  const problem = repositoryProblem(text);
  if (problem !== undefined) throw usageError(`${shown(text)} is no repository: ${problem}.`);
  return text;
}

/**
 * Opens a service's repository for reading. One that is given by its address is copied into the cache; `has` tells whether the copy
 * that is there is enough, else it is brought up to date. Throws E_NO_REPOSITORY, E_REPOSITORY_UNTRUSTED, E_CLONE and the like.
 */
export async function openSource(app: App, text: string, has: (git: Repository) => Promise<boolean> = async () => false): Promise<Source> {
  const repository = repositoryOf(app, text);
  const caller = { env: app.env, signal: app.signal };
  if (!isAddress(text)) {
    const git = await openOwnRepository(app.paths, repository, caller);
    return { repository: git.bare ? git.top : await realpath(git.top), shown: git.top, git, mirrored: false };
  }
  const folder = await mirror(app, repository, async (path) => has(await openOwnRepository(app.paths, path, caller)));
  return { repository, shown: shown(repository), git: await openOwnRepository(app.paths, folder, caller), mirrored: true };
}
