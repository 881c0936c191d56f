import { posix } from 'node:path';

/** `./a//b/../c/` as `a/c`, the top as `.`; `undefined` where the path is not relative to the workspace or leaves it. */
export function insideWorkspace(path: string): string | undefined {
  // `~` is a shell's word for another folder; here it would make one of that name.
  if (path === '' || path.includes('\0') || path.startsWith('/') || /^~(?:\/|$)/.test(path)) return undefined;
  const plain = posix.normalize(path).replace(/(?<=.)\/$/, '');
  return plain === '..' || plain.startsWith('../') ? undefined : plain;
}
