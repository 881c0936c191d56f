import { lstat } from 'node:fs/promises';
import { isMissing, stateError } from './atomic.ts';

/** Whether there is something at a path: also a link that leads nowhere, unless `look` is `stat`. Where that cannot be told, it throws. */
export async function isThere(path: string, look: (path: string) => Promise<unknown> = lstat): Promise<boolean> {
  try {
    await look(path);
    return true;
  } catch (cause) {
    if (isMissing(cause)) return false;
    throw stateError('read', path, cause);
  }
}
