import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { chmod, copyFile, mkdir, realpath, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Extract } from 'tar-stream';
import { makeDirectory, stateError } from '../../state/atomic.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { type PathPatterns, pathPatterns } from '../../state/path-patterns.ts';

/** A tar of a path in the workspace, its last name on top, as `containers.archiveOut` gives it. `undefined`: no such path. */
export type ArchiveOf = (path: string) => Promise<Readable | undefined>;

export interface Artifacts {
  readonly files: number;
  readonly bytes: number;
  /** Patterns that took nothing. */
  readonly missing: readonly string[];
  /** Paths that were left out: devices, sockets, links that lead out. */
  readonly refused: readonly string[];
}

/**
 * Keeps what a job made, in place of what an earlier attempt left there. The archive is a stranger's: no path leaves the folder,
 * and links are made last, so that nothing is ever written through one.
 */
export async function keepArtifacts(archiveOf: ArchiveOf, texts: readonly string[], target: string, signal: AbortSignal): Promise<Artifacts> {
  const patterns = pathPatterns(texts);
  const temporary = `${target}.tmp`;
  const extraction: Extraction = { root: temporary, patterns, found: new Set(), links: [], refused: [], files: 0, bytes: 0 };
  try {
    await removeTree(temporary);
    await makeDirectory(temporary);
    for (const base of patterns.bases) {
      const archive = await archiveOf(base);
      if (archive !== undefined) await extract(extraction, base, archive, signal);
    }
    await makeLinks(extraction);
    await removeTree(target);
    await rename(temporary, target);
  } catch (cause) {
    await removeTree(temporary).catch(() => {});
    signal.throwIfAborted();
    throw stateError('write', target, cause);
  }
  const { files, bytes, refused, found } = extraction;
  return { files, bytes, refused, missing: texts.filter((text) => !found.has(text)) };
}

interface Extraction {
  readonly root: string;
  readonly patterns: PathPatterns;
  readonly found: Set<string>;
  readonly links: { readonly path: string; readonly to: string; readonly hard: boolean }[];
  readonly refused: string[];
  files: number;
  bytes: number;
}

async function extract(extraction: Extraction, base: string, archive: Readable, signal: AbortSignal): Promise<void> {
  const { extract: reader } = await import('tar-stream');
  const entries = reader();
  const abort = () => archive.destroy(new Error('given up'));
  signal.addEventListener('abort', abort, { once: true });
  const feeding = feed(archive, entries);
  try {
    for await (const entry of entries) {
      const path = placeOf(base, entry.header.name);
      if (path === undefined) extraction.refused.push(entry.header.name);
      else await take(extraction, base, path, entry.header, Readable.from(entry));
      entry.resume();
    }
    await feeding;
  } finally {
    archive.destroy();
    signal.removeEventListener('abort', abort);
  }
}

/** By hand: tar-stream's streams are not Node's own, which `pipeline` expects. What goes wrong comes out of the loop over the entries. */
async function feed(archive: Readable, entries: Extract): Promise<void> {
  try {
    for await (const chunk of archive) if (!entries.write(chunk)) await once(entries, 'drain');
    entries.end(undefined);
  } catch (error) {
    entries.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

interface Header {
  readonly type?: string | null;
  readonly linkname?: string | null;
  readonly mode?: number;
  readonly size?: number;
}

async function take(extraction: Extraction, base: string, path: string, header: Header, content: Readable): Promise<void> {
  const { root, patterns, found, links, refused } = extraction;
  const taking = patterns.matching(path);
  if (taking.length === 0) return;
  for (const text of taking) found.add(text);
  const { type, linkname, mode = 0o644 } = header;
  const file = join(root, path);
  switch (type) {
    case 'directory':
      return void (await mkdir(file, { recursive: true }));
    case 'symlink':
      return void links.push({ path, to: linkname ?? '', hard: false });
    case 'link':
      return void links.push({ path, to: placeOf(base, linkname ?? '') ?? '', hard: true });
    case 'file':
    case 'contiguous-file':
      await mkdir(dirname(file), { recursive: true });
      await pipeline(content, createWriteStream(file));
      await chmod(file, mode & 0o111 ? 0o755 : 0o644);
      extraction.files++;
      extraction.bytes += header.size ?? 0;
      return;
    default:
      refused.push(path);
  }
}

/** Relative to the workspace; `undefined` for a name that would leave the folder. The archive's top is the base's last name. */
function placeOf(base: string, name: string): string | undefined {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || name.includes('\0')) return undefined;
  return [...base.split('/'), ...parts.slice(1)].filter((part) => part !== '').join('/');
}

/** Hard links become files of their own. Others are made where they lead to something that was kept. */
async function makeLinks({ root, links, refused }: Extraction): Promise<void> {
  for (const { path } of links) await mkdir(join(root, dirname(path)), { recursive: true });
  for (const { path, to } of links.filter(({ hard }) => hard)) {
    const kept = to !== '' && !links.some((link) => link.path === to);
    if (!kept || !(await succeeds(copyFile(join(root, to), join(root, path))))) refused.push(path);
  }
  const made: string[] = [];
  for (const { path, to } of links.filter(({ hard }) => !hard)) {
    if (to !== '' && !to.startsWith('/') && (await succeeds(symlink(to, join(root, path))))) made.push(path);
    else refused.push(path);
  }
  // Link upon link may lead further than each of them says.
  const top = await realpath(root);
  const leads = await Promise.all(made.map((path) => realpath(join(root, path)).catch(() => undefined)));
  for (const [index, path] of made.entries()) {
    if (leads[index]?.startsWith(`${top}/`)) continue;
    await rm(join(root, path), { force: true });
    refused.push(path);
  }
}

function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
