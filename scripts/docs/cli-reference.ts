import type { Argument, CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { createFullProgram } from '../../src/cli/program.ts';
import { closedTerminal } from './closed-terminal.ts';

/** The commander tree, as the program itself makes it. Nothing in it is run. */
export function commandTree(): Promise<CommandUnknownOpts> {
  return createFullProgram({ argv: [], env: {}, terminal: closedTerminal, signal: new AbortController().signal });
}

/** docs/cli.md: every command with its arguments and options, in the order of the program's help. */
export function renderReference(program: CommandUnknownOpts): string {
  const commands = leaves(program);
  return [
    '# The command line',
    '<!-- Written by `npm run docs` from the commands themselves: change it there. -->',
    program.description(),
    'Options before the command:',
    table(program.options),
    'A list with `--json` is an array of objects, one thing an object: [JSON](json.md). Codes of errors: [errors](errors.md).',
    commands.map((command) => `- [\`${pathOf(command)}\`](#${anchorOf(command)}): ${firstSentence(command.description())}`).join('\n'),
    ...commands.map(section),
  ]
    .join('\n\n')
    .concat('\n');
}

function section(command: CommandUnknownOpts): string {
  const aliases = command.aliases();
  const parts = [
    `## ${pathOf(command)}`,
    ['```', `${pathOf(command)} ${usageOf(command)}`.trimEnd(), '```'].join('\n'),
    command.description(),
    ...(aliases.length === 0 ? [] : [`Also: ${aliases.map((alias) => `\`${alias}\``).join(', ')}.`]),
    ...(command.registeredArguments.some(({ description }) => description) ? [argumentTable(command.registeredArguments)] : []),
    ...(command.options.length === 0 ? [] : [table(command.options)]),
  ];
  return parts.join('\n\n');
}

/** Commands that do something; a command that only has others below it is no entry of its own. */
function leaves(command: CommandUnknownOpts): readonly CommandUnknownOpts[] {
  return command.commands.length === 0 ? [command] : shown(command).flatMap(leaves);
}

/** Without hidden ones, and without the help that every command has. */
function shown(command: CommandUnknownOpts): readonly CommandUnknownOpts[] {
  const visible = command.createHelp().visibleCommands(command);
  return command.commands.filter((child) => visible.includes(child));
}

function pathOf(command: CommandUnknownOpts): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

function usageOf(command: CommandUnknownOpts): string {
  const words = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [...(command.options.length === 0 ? [] : ['[options]']), ...words].join(' ');
}

function table(options: readonly Option[]): string {
  const shown = options.filter(({ hidden }) => !hidden);
  return ['| option | |', '|---|---|', ...shown.map(({ flags, description }) => `| \`${cell(flags)}\` | ${cell(description)} |`)].join('\n');
}

function argumentTable(args: readonly Argument[]): string {
  return ['| argument | |', '|---|---|', ...args.map((argument) => `| \`${argument.name()}\` | ${cell(argument.description)} |`)].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function anchorOf(command: CommandUnknownOpts): string {
  return pathOf(command).replaceAll(' ', '-');
}

function firstSentence(text: string): string {
  return /^.*?\.(?=\s|$)/.exec(text)?.[0].slice(0, -1) ?? text;
}
