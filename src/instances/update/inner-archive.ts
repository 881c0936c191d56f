import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';

/**
 * A snapshot without the name of the data's own folder in front, to be unpacked in that folder: Podman finds a mount only where it is
 * itself what is copied into, and would unpack beneath it otherwise. (Docker finds it, but leaves the folder's own mode as it is then.)
 */
export async function innerArchive(snapshot: string): Promise<Readable> {
  const { extract, pack } = await import('tar-stream');
  const inner = pack();
  const outer = extract();
  // The data's own folder comes first: `data/`, and `/` where Podman gives what is mounted in a container that has stopped.
  let folder: string | undefined;
  outer.on('entry', (header, content, next) => {
    folder ??= header.name;
    const added = (error?: Error | null) => next(error ?? undefined);
    content.on('error', (error) => inner.destroy(error));
    const renamed = {
      ...header,
      name: inside(folder, header.name),
      linkname: header.type === 'link' ? inside(folder, header.linkname) : header.linkname,
      pax: withoutNames(header.pax),
    };
    if (header.type !== 'file' && header.type !== 'contiguous-file') {
      content.resume();
      inner.entry(renamed, added);
      return;
    }
    const entry = inner.entry(renamed, added);
    content.on('data', (chunk) => {
      if (entry.write(chunk)) return;
      content.pause();
      entry.once('drain', () => content.resume());
    });
    content.on('end', () => entry.end(undefined));
  });
  outer.on('finish', () => inner.finalize());
  outer.on('error', (error: Error) => inner.destroy(error));
  const source = createReadStream(snapshot);
  source.on('error', (error) => outer.destroy(error));
  source.on('data', (chunk) => {
    if (outer.write(chunk)) return;
    source.pause();
    outer.once('drain', () => source.resume());
  });
  source.on('end', () => outer.end(undefined));
  return Readable.from(inner);
}

function inside(folder: string, name: string): string {
  const rest = name.startsWith(folder) ? name.slice(folder.length).replace(/^\/+/, '') : name;
  return rest === '' ? './' : rest;
}

/** Long names stand there once more, as they were. */
function withoutNames(pax: unknown): unknown {
  if (typeof pax !== 'object' || pax === null) return pax;
  const kept = Object.entries(pax).filter(([key]) => key !== 'path' && key !== 'linkpath' && key !== 'size');
  return kept.length === 0 ? null : Object.fromEntries(kept);
}
