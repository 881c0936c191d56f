import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type GitCaller, type GitEnd, runGit } from './run-git.ts';
import type { ObjectFormat } from './repository.ts';

/**
 * A git directory of our own, by which the objects of somebody else's repository are read: none of that repository's
 * configuration, hooks, attributes and references count, and what is written (index, objects) is written here.
 */
export interface OwnDirectory {
  readonly path: string;
  readonly workTree: string;
  /** Runs git on it, in its work tree or another one. */
  git(args: readonly string[], options?: { readonly input?: Buffer; readonly workTree?: string }): Promise<GitEnd>;
  /** Makes these the strongest attributes. */
  setAttributes(text: string): Promise<void>;
}

export interface OwnDirectoryRequest {
  readonly path: string;
  readonly workTree: string;
  /** Object directories that are read; their alternates count too. */
  readonly objects: readonly string[];
  readonly objectFormat: ObjectFormat;
  /** Sections of its configuration besides the usual. */
  readonly config?: string;
  /** Default: none, so that nothing is ever fetched. */
  readonly transport?: 'file';
}

export async function makeOwnDirectory(request: OwnDirectoryRequest, caller: GitCaller): Promise<OwnDirectory> {
  const { path, workTree } = request;
  for (const folder of ['objects', 'refs', 'info']) await mkdir(join(path, folder), { recursive: true });
  await writeFile(join(path, 'HEAD'), 'ref: refs/heads/none\n');
  await writeFile(join(path, 'config'), `${usual}${request.objectFormat === 'sha256' ? '[extensions]\n\tobjectFormat = sha256\n' : ''}${request.config ?? ''}`);
  const env = ownEnv(request, caller.env);
  return {
    path,
    workTree,
    git: (args, options = {}) => {
      const cwd = options.workTree ?? workTree;
      return runGit(['git', ...args], { ...caller, env: { ...env, GIT_WORK_TREE: cwd }, cwd, ...(options.input ? { input: options.input } : {}) });
    },
    setAttributes: (text) => writeFile(join(path, 'info', 'attributes'), text),
  };
}

/**
 * Nothing of it outlives the run: no fsync. `checkout.workers` is known since git 2.32.
 */
const usual = `[core]
	repositoryFormatVersion = 1
	bare = false
	fileMode = true
	symlinks = true
	ignoreCase = false
	autocrlf = false
	safecrlf = false
	hooksPath = /dev/null
	fsmonitor = false
	untrackedCache = false
	fsync = none
	looseCompression = 1
	attributesFile = /dev/null
	excludesFile = /dev/null
[checkout]
	workers = ${Math.min(availableParallelism(), 8)}
[gc]
	auto = 0
`;

function ownEnv({ path, objects, transport }: OwnDirectoryRequest, env: GitCaller['env']): GitCaller['env'] {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('GIT_') || name === 'GIT_EXEC_PATH');
  return {
    ...Object.fromEntries(kept),
    // Also for a git from before GIT_CONFIG_GLOBAL (2.32).
    HOME: path,
    XDG_CONFIG_HOME: path,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_DIR: path,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: objects.map(quoted).join(':'),
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_ALLOW_PROTOCOL: transport ?? 'none',
    GIT_NO_LAZY_FETCH: '1',
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
    LANGUAGE: '',
  };
}

/** In double quotes a path may hold colons and line breaks. See git(1). */
function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}
