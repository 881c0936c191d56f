import { realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { SlipwayError } from '../../errors.ts';
import { complaint } from '../../git/complaint.ts';
import { readingEnv } from '../../git/command.ts';
import { lineOf } from '../../git/repository.ts';
import { runGit } from '../../git/run-git.ts';
import type { App } from '../../operations/model.ts';

/** A pre-push hook: git names what is pushed on its standard input, a line each (githooks(5)). A deletion has an id of zeros. */
export const hookText = `#!/bin/sh
# Written by \`slipway ci init --hook\`: runs the pipeline at each commit that is pushed.
# \`git push --no-verify\` goes round it.
if ! command -v slipway >/dev/null; then
  echo 'pre-push: slipway is not on the PATH, so nothing was checked. Push with --no-verify to go on without.' >&2
  exit 1
fi
while read -r _ commit _; do
  case $commit in
    *[!0]*) slipway ci run "$commit" </dev/null || exit 1 ;;
  esac
done
`;

/** Where git looks for hooks, and whether that is this repository's own affair. */
export async function hooksFolder(
  top: string,
  home: string,
  { env, signal }: Pick<App, 'env' | 'signal'>,
): Promise<{ readonly folder: string; readonly isOwn: boolean }> {
  // Not by gitArgv, which tells git to look nowhere.
  const end = await runGit(['git', '-c', 'core.fsmonitor=false', 'rev-parse', '--git-path', 'hooks'], { cwd: top, env: readingEnv(env), signal });
  if (!end.ok) {
    throw new SlipwayError('E_REPOSITORY_UNREADABLE', `Git cannot tell where the hooks of ${top} are.`, {
      detail: complaint(end.stderr),
      hint: `\`git -C ${top} status\` should work first.`,
    });
  }
  const folder = resolve(top, lineOf(end.stdout));
  const real = await Promise.all([folder, top, home].map((path) => realpath(path).catch(() => path)));
  const [at = folder, ...owners] = real;
  return { folder, isOwn: owners.some((owner) => at.startsWith(owner + sep)) };
}
