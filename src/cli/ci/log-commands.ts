import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { type Act, jsonFlag } from '../act.ts';
import { parseCount } from '../option-values.ts';
import type { Range } from './logs.ts';

export function registerLogs(ci: Command, act: Act): void {
  ci.command('logs <run> [job]')
    .description("Print what a run's steps wrote, byte for byte, stdout to stdout and stderr to stderr; what each is the output of is told on stderr.")
    .option('-f, --follow', 'go on until the job, or the run, has ended')
    .option('--tail <lines>', 'only the last lines', parseCount)
    .option('--lines <from-to>', 'only these lines, counted from 1: 100-200, 100-, 7', parseRange)
    .option('--step <log>', 'only one step, by the number of its log in `ci show`', parseCount)
    .addOption(
      new Option('--window <bytes>', 'the beginning and the end, in about so many bytes, for a reader with little room')
        .argParser(parseBytes)
        .conflicts('follow'),
    )
    .addOption(new Option('-t, --timestamps', 'the time of each line before it').conflicts(['window', 'cri', 'json']))
    .addOption(new Option('--cri', 'lines as Kubernetes runtimes write them: time, stream, F or P, text').conflicts(['window', 'json']))
    .option(...jsonFlag)
    .action((run, job, options) => act(options, async (call) => (await import('./logs.ts')).logs(call, run, job, options)));
}

function parseRange(text: string): Range {
  const match = /^([1-9]\d{0,14})(?:(-)([1-9]\d{0,14})?)?$/.exec(text);
  const from = Number(match?.[1]);
  const to = match?.[3] === undefined ? (match?.[2] === undefined ? from : Number.POSITIVE_INFINITY) : Number(match[3]);
  if (match === null || to < from) throw new InvalidArgumentError('Write lines such as 100-200, 100- or 7.');
  return [from, to];
}

function parseBytes(text: string): number {
  const bytes = parseCount(text);
  if (bytes < 100 || bytes > 10_000_000) throw new InvalidArgumentError('Write a number from 100 to 10000000.');
  return bytes;
}
