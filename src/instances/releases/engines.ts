import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine, EngineRef } from '../../engine/model.ts';
import type { App } from '../../operations/model.ts';
import { isMissing, readFileIfAny, stateError, writeFileAtomic } from '../../state/atomic.ts';
import { type Paths, releasesDir } from '../../state/paths.ts';

/** A file for each engine that a release was ever loaded into: what is there goes with the release. No service is called so. */
const enginesDir = (paths: Paths) => join(releasesDir(paths), '.engines');

export async function rememberEngine({ paths, signal }: App, engine: Engine): Promise<void> {
  const file = join(enginesDir(paths), `${createHash('sha256').update(engine.endpoint).digest('hex').slice(0, 16)}.json`);
  if ((await readFileIfAny(file)) !== undefined) return;
  const { kind, endpoint, identity } = await engine.info({ signal });
  await writeFileAtomic(file, `${JSON.stringify({ format: 1, kind, endpoint, identity })}\n`);
}

/** One that cannot be read is left out: at worst an image stays on an engine. */
export async function rememberedEngines(paths: Paths): Promise<readonly EngineRef[]> {
  const names = await readdir(enginesDir(paths)).catch((cause: unknown) => {
    if (isMissing(cause)) return [];
    throw stateError('read', enginesDir(paths), cause);
  });
  const texts = await Promise.all(names.filter((name) => name.endsWith('.json')).map((name) => readFileIfAny(join(enginesDir(paths), name))));
  return texts.flatMap((text) => parse(text ?? ''));
}

function parse(text: string): readonly EngineRef[] {
  try {
    const { kind, endpoint, identity } = JSON.parse(text) as Partial<EngineRef>;
    return (kind === 'docker' || kind === 'podman') && endpoint !== undefined && identity !== undefined ? [{ kind, endpoint, identity }] : [];
  } catch {
    return [];
  }
}
