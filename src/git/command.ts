/**
 * Git on the host, told to run nothing but itself: no hooks, no fsmonitor, no `ext::` transport, no prompt. Arguments after
 * the verb come as an array, paths and URLs behind `--`.
 */
export function gitArgv(...args: readonly string[]): readonly string[] {
  return ['git', '-c', 'protocol.ext.allow=never', '-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false', '-c', 'advice.detachedHead=false', ...args];
}

/** What points git at another repository, or changes what it finds in one: as it stands in the environment of a hook. */
const pointers = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_CEILING_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_GRAFT_FILE',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
  'GIT_SHALLOW_FILE',
];

/** The person's environment, so that keys and credential helpers work, without what points git at another repository. */
export function gitEnv(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string | undefined>> {
  return {
    ...withoutPointers(env),
    GIT_TERMINAL_PROMPT: '0',
    GIT_SSH_COMMAND: env.GIT_SSH_COMMAND ?? 'ssh -o BatchMode=yes',
    LC_ALL: 'C.UTF-8',
    LANGUAGE: '',
  };
}

/** The person's environment, of a hook of git's, too, as a command outside of it has it. */
export function withoutPointers(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !pointers.includes(name)));
}

/** The same for questions to a repository that is there: nothing is fetched, nothing written. */
export function readingEnv(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string | undefined>> {
  return { ...gitEnv(env), GIT_ALLOW_PROTOCOL: 'none', GIT_NO_LAZY_FETCH: '1', GIT_OPTIONAL_LOCKS: '0' };
}
