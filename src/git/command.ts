/**
 * Git on the host, told to run nothing but itself: no hooks, no fsmonitor, no `ext::` transport, no prompt. Arguments after
 * the verb come as an array, paths and URLs behind `--`.
 */
export function gitArgv(...args: readonly string[]): readonly string[] {
  return ['git', '-c', 'protocol.ext.allow=never', '-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false', '-c', 'advice.detachedHead=false', ...args];
}

/** The person's environment, so that keys and credential helpers work, without what points git at another repository. */
export function gitEnv(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string | undefined>> {
  const kept = Object.entries(env).filter(
    ([name]) =>
      !['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_CEILING_DIRECTORIES'].includes(name),
  );
  return { ...Object.fromEntries(kept), GIT_TERMINAL_PROMPT: '0', GIT_SSH_COMMAND: env.GIT_SSH_COMMAND ?? 'ssh -o BatchMode=yes', LC_ALL: 'C.UTF-8' };
}
