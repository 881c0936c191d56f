import type { Command } from '@commander-js/extra-typings';
import { type Call, printResult } from '../call.ts';

export type Shell = 'bash' | 'zsh' | 'fish';

export async function print(call: Call, shell: Shell): Promise<void> {
  const { createFullProgram } = await import('../program.ts');
  const program = await createFullProgram({ argv: [], env: call.app.env, terminal: call.terminal, signal: call.app.signal });
  const words = wordsOf(program);
  printResult(call, undefined, shell === 'fish' ? fish(words) : shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${bash(words)}` : bash(words));
}

/** What may follow each chain of commands: `''`, `task`, `task stop`. */
type Words = ReadonlyMap<string, readonly string[]>;

function wordsOf(program: Command): Words {
  const words = new Map<string, readonly string[]>();
  const visit = (command: Command, path: readonly string[]) => {
    const options = command.options.flatMap(({ long }) => long ?? []);
    const visible: readonly unknown[] = command.createHelp().visibleCommands(command as never);
    const shown = command.commands.filter((child) => visible.includes(child));
    words.set(path.join(' '), [...shown.map((child) => child.name()), ...options, '--help']);
    for (const child of shown) visit(child as unknown as Command, [...path, child.name()]);
  };
  visit(program, []);
  return words;
}

function bash(words: Words): string {
  const cases = [...words].map(([path, next]) => `    '${path}') COMPREPLY=($(compgen -W '${next.join(' ')}' -- "$current")) ;;`);
  return [
    '_slipway() {',
    '  local current=${COMP_WORDS[COMP_CWORD]} path= word',
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    `    case " ${[...new Set([...words.keys()].flatMap((path) => path.split(' ')))].filter(Boolean).join(' ')} " in *" $word "*) path="\${path:+$path }$word" ;; esac`,
    '  done',
    '  case "$path" in',
    ...cases,
    '  esac',
    '}',
    'complete -o default -F _slipway slipway',
  ].join('\n');
}

function fish(words: Words): string {
  const lines = [...words].flatMap(([path, next]) => {
    const condition =
      path === ''
        ? '__fish_use_subcommand'
        : path
            .split(' ')
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join('; and ');
    return next.map((word) =>
      word.startsWith('--') ? `complete -c slipway -n '${condition}' -l ${word.slice(2)}` : `complete -c slipway -f -n '${condition}' -a ${word}`,
    );
  });
  return lines.join('\n');
}
