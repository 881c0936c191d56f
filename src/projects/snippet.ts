import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { isMissing, stateError } from '../state/atomic.ts';
import type { Snippet } from './model.ts';

export const maximumSnippetBytes = 1_048_576;

/** The text of a project's snippet; empty where there is none. Throws E_SNIPPET for a missing or unfit file. */
export async function readSnippet(configDir: string, snippet: Snippet | undefined): Promise<string> {
  if (snippet === undefined || typeof snippet === 'string') return snippet ?? '';
  return readSnippetFile(join(configDir, snippet.file));
}

/** A regular file of at most 1 MiB of UTF-8. A pipe in its place would hang the build, a device fill the memory. */
export async function readSnippetFile(file: string): Promise<string> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw unfit(file, 'is not a regular file');
      if (stats.size > maximumSnippetBytes) throw unfit(file, 'is larger than 1 MiB');
      return new TextDecoder('utf-8', { fatal: true }).decode(await handle.readFile());
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (isMissing(cause)) throw unfit(file, 'does not exist');
    if (cause instanceof TypeError) throw unfit(file, 'is not UTF-8 text');
    throw stateError('read', file, cause);
  }
}

function unfit(file: string, why: string): SlipwayError {
  return new SlipwayError('E_SNIPPET', `The snippet ${file} ${why}.`, {
    hint: 'Name a text file of Dockerfile lines, at most 1 MiB, in `snippet` of project.yml.',
  });
}
