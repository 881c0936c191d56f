import { Command, CommanderError, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import type { ExitCode } from '../errors.ts';
import { version } from '../version.ts';
import { type Noun, nouns } from './nouns.ts';
import { createAct, type Invocation } from './run-body.ts';

export type ProgramInput = Pick<Invocation, 'argv' | 'env' | 'terminal' | 'signal'>;

/** Runs one command line and gives its exit code. */
export async function runProgram(input: ProgramInput): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const program = createProgram(input);
  let engine: string | undefined;
  program.hook('preAction', (_, command) => {
    engine = (command.optsWithGlobals() as { readonly engine?: string }).engine;
  });
  const act = createAct({
    ...input,
    engine: () => engine,
    exit: (code) => {
      exitCode = code;
    },
  });
  const word = nounWord(input.argv);
  const noun = nouns.find(({ words }) => word !== undefined && word in words);
  try {
    for (const other of nouns) {
      if (other !== noun) addSummaries(program, other);
      else (await other.load()).register(program as unknown as Command, act);
    }
    for (const command of program.commands) if (command.name() in (noun?.words ?? {})) takeEngine(command);
    await program.parseAsync(input.argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 || (error.code === 'commander.help' && input.argv.length === 0) ? 0 : 2;
  }
  return exitCode;
}

/** The whole tree, for the CLI reference and completion. */
export async function createFullProgram(input: ProgramInput): Promise<Command> {
  const program = createProgram(input) as unknown as Command;
  const act = createAct({ ...input, engine: () => undefined, exit: () => {} });
  for (const noun of nouns) (await noun.load()).register(program, act);
  return program;
}

function createProgram({ terminal }: Pick<ProgramInput, 'terminal'>) {
  return new Command('slipway')
    .description('A container for each coding agent, from image to clean-up, on Podman or Docker.')
    .version(version, '-V, --version')
    .addOption(engineOption())
    .enablePositionalOptions()
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('Add --help to see how it is used.')
    .configureOutput({ writeOut: (text) => terminal.print(text), writeErr: (text) => void terminal.stderr.write(text) });
}

/** The first word that is not a global option or its value. */
function nounWord(argv: readonly string[]): string | undefined {
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? '';
    if (word === '--engine') index += 1;
    else if (word === 'help') continue;
    else if (!word.startsWith('-')) return word;
  }
  return undefined;
}

/** `--engine` is the program's, and is taken behind a command's words too. */
function takeEngine(command: CommandUnknownOpts): void {
  command.addOption(engineOption().hideHelp());
  for (const below of command.commands) takeEngine(below);
}

const engineOption = () => new Option('--engine <which>', 'auto, docker, podman, or a URL (unix://, ssh://, tcp://)');

function addSummaries(program: ReturnType<typeof createProgram>, noun: Noun): void {
  for (const [word, summary] of Object.entries(noun.words)) program.command(word).summary(summary).description(summary);
}
