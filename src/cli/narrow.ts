import type { Command } from '@commander-js/extra-typings';

export interface Narrowed {
  /** Takes the commands of a noun, of which it makes the typed one alone. */
  readonly program: Command;
  /** Whether the typed words lead to a command that has none below it that was left out. */
  readonly isWhole: () => boolean;
}

/**
 * A program that leaves out what is not on the way of the typed words. Making a command costs each start something, and only help and
 * mistakes need the others.
 */
export function narrow(program: Command, words: readonly string[]): Narrowed {
  let leftOut = true;
  const descend = (command: Command, [word, ...below]: readonly string[]): Command => {
    const make = command.command.bind(command) as (usage: string, options?: object) => Command;
    return Object.assign(command, {
      command(usage: string, options?: object): Command {
        if (usage.split(' ')[0] !== word) {
          leftOut ||= deepest === command;
          return nothing;
        }
        deepest = make(usage, options);
        leftOut = false;
        return descend(deepest, below);
      },
    });
  };
  let deepest = program;
  return { program: descend(program, words), isWhole: () => deepest !== program && !leftOut };
}

/** A command that takes all that is said of it, and is not there. */
const nothing: Command = new Proxy({} as Command, { get: () => () => nothing });
