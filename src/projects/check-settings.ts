import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { isMissing, stateError } from '../state/atomic.ts';
import type { NewProjectSettings } from './render.ts';
import { repositoryKind } from './repository.ts';

/** Finds every mistake in what `project new` was asked for. Throws E_BAD_SETTING, E_REPOSITORY. */
export async function checkSettings(id: string, settings: NewProjectSettings): Promise<void> {
  const [{ safeParse }, { checkedProjectSchema }] = await Promise.all([import('valibot'), import('./schema.ts')]);
  const result = safeParse(checkedProjectSchema(id), { id, ...settings });
  if (!result.success) {
    const mistakes = result.issues.map(
      (issue) =>
        `${(issue.path ?? []).map((item) => String(item.key)).join('.') || 'the project'}: ${issue.type === 'union' ? 'expected ' : ''}${issue.message}`,
    );
    throw new SlipwayError('E_BAD_SETTING', `Not a project: ${mistakes[0]}.`, {
      exitCode: 2,
      hint: '`slipway project new --help` lists the settings; nothing was made.',
      ...(mistakes.length > 1 ? { detail: mistakes.slice(1).join('\n') } : {}),
    });
  }
  if (settings.repository !== undefined && repositoryKind(settings.repository) === 'local') await checkLocalRepository(settings.repository);
}

/** Only looked at, never opened: a repository's own configuration can run programs. */
async function checkLocalRepository(address: string): Promise<void> {
  const path = address.startsWith('file://') ? decodeURIComponent(new URL(address).pathname) : address;
  const isRepository = (await exists(join(path, '.git'))) || ((await exists(join(path, 'HEAD'))) && (await exists(join(path, 'objects'))));
  if (isRepository) return;
  const what = (await exists(path)) ? 'is not a git repository' : 'does not exist';
  throw new SlipwayError('E_REPOSITORY', `${path} ${what}.`, { exitCode: 2, hint: 'Name the top folder of a repository, or its address.' });
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if (isMissing(cause)) return false;
    throw stateError('read', path, cause);
  }
}
