import { lstat, mkdir, readdir, rename, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { run } from '../host/process.ts';
import { isMissing, stateError } from '../state/atomic.ts';
import { removeTree } from '../state/remove-tree.ts';
import { gitArgv, gitEnv } from './command.ts';

export interface SeedRequest {
  /** URL or path of the upstream. `undefined`: the workspace begins empty. */
  readonly repository: string | undefined;
  /** Default: the upstream's own. */
  readonly branch: string | undefined;
  readonly workspace: string;
  /** Beside the workspace, on the same file system; removed and made anew. */
  readonly temporary: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly onStart?: (pid: number) => unknown;
  readonly onProgress?: (text: string) => void;
}

/**
 * Fills a task's workspace with a clone: aside first, then moved into place. Files that stand there already win, and show
 * up as changes. The clone shares no object files with a local upstream: a container could write through the links.
 */
export async function seedWorkspace(request: SeedRequest): Promise<void> {
  const { temporary, workspace, repository } = request;
  await removeTree(temporary);
  if (repository === undefined) {
    await mkdir(workspace, { recursive: true });
    return;
  }
  try {
    await clone(request, repository);
    await moveIn(temporary, workspace);
  } finally {
    // Also of a clone that failed: what it got so far may be what fills the disk.
    await removeTree(temporary);
  }
}

async function clone(request: SeedRequest, repository: string): Promise<void> {
  const progress: string[] = [];
  const end = await run(
    gitArgv(
      'clone',
      '--progress',
      '--no-hardlinks',
      '--template=',
      ...(request.branch === undefined ? [] : [`--branch=${request.branch}`]),
      '--',
      repository,
      request.temporary,
    ),
    {
      env: gitEnv(request.env),
      signal: request.signal,
      ...(request.onStart ? { onStart: request.onStart } : {}),
      onStderr: (chunk) => {
        progress.push(chunk.toString('utf8'));
        request.onProgress?.(chunk.toString('utf8'));
      },
    },
  );
  if (end.exitCode === 0) return;
  request.signal.throwIfAborted();
  const said = progress.join('');
  throw (await lacksFolder(said, request.temporary)) ? noRoom(request, repository, said) : cloneError(request, repository, said);
}

/** Git goes on past a folder that a full disk did not take, and complains of the first file in it. It has freed what it cloned by now, a little. */
async function lacksFolder(said: string, temporary: string): Promise<boolean> {
  if (!/Unable to create '.*': No such file or directory/.test(said)) return false;
  const { bavail, bsize } = await statfs(dirname(temporary));
  return bavail * bsize < 1_048_576;
}

/** Git's complaint, told apart by what the person can do about it. */
export function cloneError(request: Pick<SeedRequest, 'branch' | 'workspace'>, repository: string, text: string): SlipwayError {
  const detail = complaint(text);
  if (/No space left on device|Disk quota exceeded/.test(text)) return noRoom(request, repository, text);
  if (/Remote branch .* not found/.test(text)) {
    return new SlipwayError('E_NO_BRANCH', `${shown(repository)} has no branch ${request.branch ?? ''}.`, {
      detail,
      hint: "Set `branch` in the project's project.yml to one that exists.",
    });
  }
  return new SlipwayError('E_CLONE', `Cannot clone ${shown(repository)}.`, {
    detail,
    hint: `Try \`git ls-remote ${shown(repository)}\`: Slipway uses your own git, keys and credential helpers, but never asks for a password.`,
  });
}

function noRoom({ workspace }: Pick<SeedRequest, 'workspace'>, repository: string, text: string): SlipwayError {
  return new SlipwayError('E_DISK_FULL', `No space left to clone ${shown(repository)} into ${workspace}.`, {
    detail: complaint(text),
    hint: 'Free some space and run the command again; what had been fetched is removed.',
  });
}

function complaint(text: string): string {
  const telling = text.split(/[\r\n]+/).filter((line) => /^(fatal|error|remote|ssh|Host key|.*denied)/i.test(line));
  return telling.slice(-6).join('\n');
}

/** A URL without the password that somebody may have written into it. */
export function shown(repository: string): string {
  return repository.replace(/^([a-z+]+:\/\/)[^@/]*@/i, '$1');
}

async function moveIn(from: string, to: string): Promise<void> {
  try {
    if (await isMissingOrEmpty(to)) {
      await rename(from, to);
      return;
    }
    for (const name of await readdir(from)) {
      if (!(await present(join(to, name)))) await rename(join(from, name), join(to, name));
    }
  } catch (cause) {
    throw stateError('write', to, cause);
  }
}

/** Renaming over an empty directory is fine. */
async function isMissingOrEmpty(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).length === 0;
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
}

async function present(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
