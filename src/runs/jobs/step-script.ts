/** What becomes one step: a command, with the variables and the folder it gets. */
export interface StepCommand {
  readonly command: string | readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absolute, as the step sees it. */
  readonly cwd: string;
}

/** Names that a shell cannot export, or that mean something to it: those only `env` can give. */
const ofShells =
  /^(?:_|BASH.*|DIRSTACK|E?UID|ENV|FUNCNAME|GROUPS|HISTCMD|IFS|LANG|LANGUAGE|LC_.*|LINENO|OLDPWD|OPTARG|OPTIND|POSIXLY_CORRECT|PPID|PS4|PWD|RANDOM|SECONDS|SHELLOPTS|sw_.*)$/;
const exportable = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The script that a supervisor's subshell reads and so becomes the step: a text is `sh -c`'s, a list is run as it is. */
export function stepScript({ command, env, cwd }: StepCommand): string {
  const all = Object.entries(env);
  const plain = all.filter(([name]) => exportable.test(name) && !ofShells.test(name));
  const odd = all.filter(([name]) => !exportable.test(name) || ofShells.test(name)).map(([name, value]) => `${name}=${value}`);
  const argv = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  return [
    ...plain.map(([name, value]) => `export ${quote(`${name}=${value}`)}`),
    `cd ${quote(cwd)} || exit`,
    'unset OLDPWD',
    // Not found by a shell's rules: a builtin's name is a program's, too, and a dash begins no option.
    ...(argv[0]?.startsWith('-') ? [`printf '%s: not found\\n' ${quote(argv[0])} >&2; exit 127`] : []),
    `exec $sw_session ${[...(odd.length === 0 ? [] : ['env', ...odd]), ...argv].map(quote).join(' ')}`,
    '',
  ].join('\n');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
