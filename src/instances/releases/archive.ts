import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What an archive of images says of itself. */
export interface ImageArchive {
  /** Of the whole file. */
  readonly checksum: string;
  /** Digest of the image's configuration: its id on an engine that loads it. `undefined`: it is no whole archive of one image. */
  readonly imageDigest: string | undefined;
  /** Why not. */
  readonly problem: string | undefined;
}

/** Configurations are kilobytes. */
const largestJson = 16 * 1_048_576;

/** Reads an archive that `docker save` or Podman's `docker-archive` wrote, from its first byte to its last. */
export async function readImageArchive(file: string, signal?: AbortSignal): Promise<ImageArchive> {
  const hash = createHash('sha256');
  const { extract } = (await import('tar-stream')).default;
  const archive = extract();
  const present = new Set<string>();
  const small = new Map<string, Buffer>();
  archive.on('entry', (header, stream, next) => {
    const name = header.name.replace(/^\.\//, '');
    present.add(name);
    const isSmall = header.type === 'file' && (header.size ?? 0) <= largestJson && /(?:\.json|\/[0-9a-f]{64})$/.test(name);
    collect(stream, isSmall).then((content) => {
      if (content !== undefined) small.set(name, content);
      next();
    }, next);
  });
  let problem: string | undefined;
  const copy = new PassThrough();
  const parsed = pipeline(copy, archive).catch((error: unknown) => {
    problem = `it is not a tar archive: ${error instanceof Error ? error.message : String(error)}`;
    // The checksum is of all that is there.
    copy.resume();
  });
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) })) {
    hash.update(chunk as Buffer);
    if (!copy.destroyed && !copy.write(chunk)) await new Promise<void>((resolve) => void copy.once('drain', resolve).once('close', resolve));
  }
  copy.end();
  await parsed;
  const checksum = `sha256:${hash.digest('hex')}`;
  const told = problem === undefined ? judge(present, small) : { problem };
  return { checksum, imageDigest: 'imageDigest' in told ? told.imageDigest : undefined, problem: 'problem' in told ? told.problem : undefined };
}

async function collect(stream: AsyncIterable<unknown>, keep: boolean): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) if (keep) chunks.push(chunk as Buffer);
  return keep ? Buffer.concat(chunks) : undefined;
}

function judge(present: ReadonlySet<string>, small: ReadonlyMap<string, Buffer>): { readonly imageDigest: string } | { readonly problem: string } {
  const text = small.get('manifest.json');
  if (text === undefined) return { problem: 'there is no manifest.json in it' };
  const images = parse(text);
  if (!Array.isArray(images) || images.length !== 1) return { problem: 'its manifest.json does not tell of one image' };
  const { Config: config, Layers: layers } = images[0] as { readonly Config?: unknown; readonly Layers?: unknown };
  if (typeof config !== 'string' || !Array.isArray(layers)) return { problem: 'its manifest.json names no configuration and layers' };
  const missing = [config, ...layers].find((name) => typeof name !== 'string' || !present.has(name));
  if (missing !== undefined) return { problem: `${String(missing)} is not in it` };
  const content = small.get(config);
  if (content === undefined) return { problem: `${config} is no configuration` };
  const digest = createHash('sha256').update(content).digest('hex');
  const named = /([0-9a-f]{64})(?:\.json)?$/.exec(config)?.[1];
  if (named !== undefined && named !== digest) return { problem: `${config} is not what its name says` };
  return { imageDigest: `sha256:${digest}` };
}

function parse(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'));
  } catch {
    return undefined;
  }
}
