import { Command, CommanderError, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import type { ExitCode } from '../errors.ts';
import { version } from '../version.ts';
import type { Act } from './act.ts';
import { type Noun, nouns } from './nouns.ts';
import { narrow } from './narrow.ts';
import { createAct, type Invocation } from './run-body.ts';

export type ProgramInput = Pick<Invocation, 'argv' | 'env' | 'terminal' | 'signal'>;

/** Runs one command line and gives its exit code. */
export async function runProgram(input: ProgramInput): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  let engine: string | undefined;
  const act = createAct({
    ...input,
    engine: () => engine,
    exit: (code) => {
      exitCode = code;
    },
  });
  const words = typedWords(input.argv);
  const program = (await createTyped(input, act, words)) ?? (await createListed(input, act, words));
  program.hook('preAction', (_, command) => {
    engine = (command.optsWithGlobals() as { readonly engine?: string }).engine;
  });
  try {
    await program.parseAsync(input.argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 || (error.code === 'commander.help' && input.argv.length === 0) ? 0 : 2;
  }
  return exitCode;
}

/** Just the typed command; `undefined` where the words name none. */
async function createTyped(input: ProgramInput, act: Act, words: readonly string[]): Promise<Command | undefined> {
  const noun = nounOf(words);
  if (noun === undefined) return undefined;
  const { program, isWhole } = narrow(createProgram(input), words);
  (await noun.load()).register(program, act);
  if (!isWhole()) return undefined;
  for (const command of program.commands) takeEngine(command);
  return program;
}

/** All of the typed noun, and a line for each other one. */
async function createListed(input: ProgramInput, act: Act, words: readonly string[]): Promise<Command> {
  const program = createProgram(input);
  const noun = nounOf(words);
  for (const other of nouns) {
    if (other !== noun) addSummaries(program, other);
    else (await other.load()).register(program, act);
  }
  for (const command of program.commands) if (command.name() in (noun?.words ?? {})) takeEngine(command);
  return program;
}

/** The whole tree, for the CLI reference and completion. */
export async function createFullProgram(input: ProgramInput): Promise<Command> {
  const program = createProgram(input);
  const act = createAct({ ...input, engine: () => undefined, exit: () => {} });
  for (const noun of nouns) (await noun.load()).register(program, act);
  return program;
}

function createProgram({ terminal }: Pick<ProgramInput, 'terminal'>): Command {
  return new Command('slipway')
    .description('A container for each coding agent, from image to clean-up, on Podman or Docker.')
    .version(version, '-V, --version')
    .addOption(engineOption())
    .enablePositionalOptions()
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('Add --help to see how it is used.')
    .configureOutput({ writeOut: (text) => terminal.print(text), writeErr: (text) => void terminal.stderr.write(text) }) as unknown as Command;
}

function nounOf([word = '']: readonly string[]): Noun | undefined {
  return nouns.find(({ words }) => Object.hasOwn(words, word));
}

/** The words that are not an option, or the value of a global one: those of a command are the first. */
function typedWords(argv: readonly string[]): readonly string[] {
  return argv.filter((word, index) => !word.startsWith('-') && word !== 'help' && argv[index - 1] !== '--engine');
}

/** `--engine` is the program's, and is taken behind a command's words too. */
function takeEngine(command: CommandUnknownOpts): void {
  command.addOption(engineOption().hideHelp());
  for (const below of command.commands) takeEngine(below);
}

const engineOption = () => new Option('--engine <which>', 'auto, docker, podman, or a URL (unix://, ssh://, tcp://)');

function addSummaries(program: Command, noun: Noun): void {
  for (const [word, summary] of Object.entries(noun.words)) program.command(word).summary(summary).description(summary);
}
