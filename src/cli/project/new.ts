import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { SlipwayError } from '../../errors.ts';
import { change } from '../../operations/change.ts';
import type { NewProjectWanted } from '../../projects/observe.ts';
import { maximumSnippetBytes, readSnippetFile } from '../../projects/snippet.ts';
import { newProject as newProjectVerb } from '../../projects/verbs.ts';
import { projectFile } from '../../state/paths.ts';
import { type Call, printPlan, printResult } from '../call.ts';

export interface NewProjectOptions {
  readonly repo?: string | undefined;
  readonly branch?: string | undefined;
  readonly base?: string | undefined;
  readonly agent?: readonly string[] | undefined;
  readonly snippet?: string | undefined;
  readonly humanName?: string | undefined;
  readonly humanEmail?: string | undefined;
}

export async function newProject(call: Call, id: string, options: NewProjectOptions): Promise<void> {
  const changed = await change(call.app, newProjectVerb, await wantedOf(call, id, options));
  if (await printPlan(call, changed)) return;
  const file = projectFile(call.app.paths, id);
  printResult(call, { id, file }, `Project ${id} is made: ${file}`);
  if (!call.json) call.app.out.note(`Look it over, then \`slipway build ${id}\`.`);
}

async function wantedOf(call: Call, id: string, options: NewProjectOptions): Promise<NewProjectWanted> {
  const snippet = options.snippet === undefined ? undefined : await readSnippetOption(call, options.snippet);
  const human = {
    ...(options.humanName === undefined ? {} : { name: options.humanName }),
    ...(options.humanEmail === undefined ? {} : { email: options.humanEmail }),
  };
  return {
    id,
    ...(options.repo === undefined ? {} : { repository: absoluteIfPath(options.repo) }),
    ...(options.branch === undefined ? {} : { branch: options.branch }),
    ...(options.base === undefined ? {} : { base: options.base }),
    ...(options.agent === undefined ? {} : { agents: options.agent }),
    ...(snippet === undefined ? {} : { snippet }),
    ...(Object.keys(human).length === 0 ? {} : { human }),
  };
}

/** `.`, `./x`, `../x` are of the folder that the command was typed in; project.yml stands elsewhere. */
function absoluteIfPath(repo: string): string {
  return /^\.{1,2}(?:\/|$)/.test(repo) ? resolve(repo) : repo;
}

async function readSnippetOption(call: Call, file: string): Promise<string> {
  return file === '-' ? readLimited(call.terminal.stdin) : readSnippetFile(resolve(file));
}

async function readLimited(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer | string>) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes > maximumSnippetBytes)
      throw new SlipwayError('E_SNIPPET', 'The snippet on standard input is larger than 1 MiB.', { hint: 'Give at most 1 MiB of Dockerfile lines.' });
    chunks.push(buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
