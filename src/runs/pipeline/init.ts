import { lstat, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../../errors.ts';
import type { App, Plan } from '../../operations/model.ts';
import { isMissing, readFileIfAny, stateError } from '../../state/atomic.ts';
import { isThere } from '../../state/is-there.ts';
import { scriptSource, yamlSource } from './files.ts';
import { firstJobs, type Seen } from './first-jobs.ts';
import { renderFirst } from './first-pipeline.ts';
import { hookText, hooksFolder } from './hook.ts';
import type { WriteStep } from './steps.ts';

export interface InitWanted {
  /** The work tree's top folder. */
  readonly top: string;
  /** Git's common directory. */
  readonly home: string;
  readonly hook: boolean;
}

export interface InitObserved {
  /** The pipeline that is there. */
  readonly pipeline: string | undefined;
  /** The text of a first one. */
  readonly text: string;
  readonly hook: HookObserved | undefined;
}

export interface HookObserved {
  readonly file: string;
  readonly text: string;
  /** What is there now. */
  readonly existing: string | undefined;
  /** Git is told to look for hooks in a folder that other repositories may share. */
  readonly elsewhere: boolean;
}

export async function observeInit(app: App, { top, home, hook }: InitWanted): Promise<InitObserved> {
  await checkFolder(join(top, '.slipway'));
  const there = await Promise.all([yamlSource, scriptSource].map(async (source) => ((await isThere(join(top, source))) ? source : undefined)));
  return {
    pipeline: there.find((source) => source !== undefined),
    text: renderFirst(firstJobs(await look(top))),
    hook: hook ? await observeHook(app, top, home) : undefined,
  };
}

export function planInit({ pipeline, text, hook }: InitObserved, { top }: InitWanted): Plan {
  if (pipeline !== undefined && hook === undefined) {
    throw new SlipwayError('E_PIPELINE_EXISTS', `There is a pipeline already: ${pipeline}. It is left as it is.`, {
      hint: '`slipway ci validate` checks it, `slipway ci init --hook` adds a hook that runs it before each push.',
    });
  }
  if (hook?.elsewhere) {
    throw new SlipwayError('E_HOOK_ELSEWHERE', `Git looks for hooks outside of this repository: ${hook.file}. Nothing was written.`, {
      hint: 'Other repositories may share that folder (`core.hooksPath`). Add `slipway ci run` to its pre-push yourself.',
    });
  }
  if (hook?.existing !== undefined && hook.existing !== hook.text) {
    throw new SlipwayError('E_HOOK_EXISTS', `There is a hook already: ${hook.file}. It is left as it is, and nothing was written.`, {
      hint: 'Add `slipway ci run` to it yourself.',
    });
  }
  const write = (file: string, content: string, executable: boolean): WriteStep => ({ do: 'pipeline.write', file, text: content, executable });
  return {
    steps: [
      ...(pipeline === undefined ? [write(join(top, yamlSource), text, false)] : []),
      ...(hook === undefined || hook.existing !== undefined ? [] : [write(hook.file, hook.text, true)]),
    ],
  };
}

async function observeHook(app: App, top: string, home: string): Promise<HookObserved> {
  const { folder, isOwn } = await hooksFolder(top, home, app);
  const file = join(folder, 'pre-push');
  return { file, text: hookText, existing: await readFileIfAny(file), elsewhere: !isOwn };
}

/** What the repository says of itself at its top. */
async function look(top: string): Promise<Seen> {
  const text = async (name: string) => ((await isThere(join(top, name))) ? readFile(join(top, name), 'utf8').catch(() => '') : undefined);
  const [packageJson, makefile, pyproject, cargo, goMod] = await Promise.all(['package.json', 'Makefile', 'pyproject.toml', 'Cargo.toml', 'go.mod'].map(text));
  return { files: await readdir(top), packageJson, makefile, pyproject, cargo, goMod };
}

/** A link would have files written elsewhere. */
async function checkFolder(folder: string): Promise<void> {
  try {
    if ((await lstat(folder)).isDirectory()) return;
  } catch (cause) {
    if (isMissing(cause)) return;
    throw stateError('read', folder, cause);
  }
  throw new SlipwayError('E_FILE_EXISTS', `${folder} is not a folder. It is left as it is.`, { hint: 'Move it away, and run the command again.' });
}
