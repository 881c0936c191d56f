import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { isThere } from '../state/is-there.ts';
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
  const has = (name: string) => isThere(join(path, name), stat);
  if ((await has('.git')) || ((await has('HEAD')) && (await has('objects')))) return;
  const what = (await isThere(path, stat)) ? 'is not a git repository' : 'does not exist';
  throw new SlipwayError('E_REPOSITORY', `${path} ${what}.`, { exitCode: 2, hint: 'Name the top folder of a repository, or its address.' });
}
