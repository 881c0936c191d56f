import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../../errors.ts';
import { errorCode, isMissing, stateError } from '../../state/atomic.ts';
import type { Place } from './definition.ts';
import { PipelineInvalid } from './invalid.ts';

export const yamlSource = '.slipway/ci.yml';
export const scriptSource = '.slipway/ci.ts';

export interface PipelineFiles {
  /** Which of the two it is written in. */
  readonly source: typeof yamlSource | typeof scriptSource;
  /** There is a `.slipway/Dockerfile`. */
  readonly hasDockerfile: boolean;
}

/** Which pipeline a folder has. Throws E_NO_PIPELINE, and PipelineInvalid where it has two. */
export async function findPipeline(directory: string): Promise<PipelineFiles> {
  const [folder, yaml, script, dockerfile] = await Promise.all(
    ['.slipway', yamlSource, scriptSource, '.slipway/Dockerfile'].map((path) => kindOf(join(directory, path))),
  );
  // A link could lead anywhere, and what it leads to would be neither in the commit nor in what was trusted.
  if (folder === 'other') throw new PipelineInvalid('.slipway', [{ message: 'expected a folder' }]);
  if (yaml !== undefined && script !== undefined) {
    throw new PipelineInvalid('.slipway', [{ message: 'holds both ci.yml and ci.ts: expected one of them' }]);
  }
  if (yaml === undefined && script === undefined) {
    throw new SlipwayError('E_NO_PIPELINE', `There is no pipeline in ${directory}: neither ${yamlSource} nor ${scriptSource}.`, {
      hint: '`slipway ci init` writes a first one.',
    });
  }
  return { source: yaml === undefined ? scriptSource : yamlSource, hasDockerfile: dockerfile === 'file' || dockerfile === 'other' };
}

const mostBytes = 2 * 1_048_576;

/** A pipeline's text, of a regular file of at most 2 MiB of UTF-8. */
export async function readPipelineText(directory: string, source: string): Promise<string> {
  const file = join(directory, source);
  const bad = (message: string) => new PipelineInvalid(source, [{ message }]);
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw bad('expected a regular file');
      if (stats.size > mostBytes) throw bad('expected at most 2 MiB');
      const bytes = await handle.readFile();
      const text = bytes.toString('utf8');
      if (!isUtf8(bytes)) throw new PipelineInvalid(source, [{ place: firstIn(source, text, '\uFFFD'), message: 'expected UTF-8 text' }]);
      return text;
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (errorCode(cause) === 'ELOOP') throw bad('is a link: expected the file itself');
    throw stateError('read', file, cause);
  }
}

function firstIn(file: string, text: string, what: string): Place {
  const before = text.slice(0, Math.max(0, text.indexOf(what))).split('\n');
  const line = before.length;
  return { file, line, column: (before.at(-1)?.length ?? 0) + 1, text: text.split('\n')[line - 1] ?? '' };
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'other' | undefined> {
  try {
    const stats = await lstat(path);
    return stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other';
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw stateError('read', path, cause);
  }
}
