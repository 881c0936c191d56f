import { connect, open as openUnknown } from '../engine/connect.ts';
import type { DialectMemory } from '../engine/dialect.ts';
import type { Engine, EngineRef } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import { processes } from '../host/process.ts';
import { readFileIfAny, writeFileAtomic } from '../state/atomic.ts';
import { configFile, type Env, engineFile, type Paths } from '../state/paths.ts';

/** Open engines by endpoint: one connection each, closed at the end of the command. */
export type EngineCache = Map<string, Engine>;

export function openEngine(ref: Pick<EngineRef, 'kind' | 'endpoint'>, { env, dialects, open }: Pick<EngineRequest, 'env' | 'dialects' | 'open'>): Engine {
  const known = open.get(ref.endpoint);
  if (known !== undefined) return known;
  const engine = connect(ref, { programs: processes, env, dialects });
  open.set(ref.endpoint, engine);
  return engine;
}

export interface EngineRequest {
  readonly paths: Paths;
  readonly env: Env;
  readonly home: string;
  /** `--engine` */
  readonly explicit: string | undefined;
  readonly open: EngineCache;
  readonly dialects: DialectMemory;
  /** Save what detection finds. */
  readonly remember: boolean;
}

/**
 * The engine for new things: `--engine`, SLIPWAY_ENGINE, config.yml, what an earlier detection found, else detection, whose
 * find is saved. A saved engine that does not answer is an error: things would quietly be made elsewhere.
 */
export async function chooseEngine(request: EngineRequest): Promise<Engine> {
  const { paths, env, home } = request;
  const wanted = request.explicit ?? (env.SLIPWAY_ENGINE || undefined) ?? (await configuredEngine(paths));
  const saved = wanted === undefined ? await readSavedEngine(paths) : undefined;
  if (saved !== undefined) return openEngine(saved, request);
  if (wanted?.includes('://')) return openAsked(wanted, request);
  const { detectEngine, identifyEngine } = await import('../engine/detect.ts');
  const { chosen } = await detectEngine({ wanted, env, home, programs: processes });
  if (wanted === undefined && request.remember) await saveEngine(paths, await identifyEngine(chosen, { env, programs: processes }));
  return openEngine(chosen, request);
}

/** One that was named: no detection, and the ping that tells its kind is not asked twice. */
async function openAsked(endpoint: string, { env, dialects, open }: EngineRequest): Promise<Engine> {
  const engine = open.get(endpoint) ?? (await openUnknown(endpoint, { programs: processes, env, dialects }));
  open.set(endpoint, engine);
  return engine;
}

/** The file is read for one key only where it exists: most people have none. */
async function configuredEngine(paths: Paths): Promise<string | undefined> {
  if ((await readFileIfAny(configFile(paths))) === undefined) return undefined;
  const { readConfig } = await import('../projects/store.ts');
  return (await readConfig(paths)).engine;
}

/** What detection found at first use; `undefined` where it has not run. */
export async function readSavedEngine(paths: Paths): Promise<EngineRef | undefined> {
  const text = await readFileIfAny(engineFile(paths));
  if (text === undefined) return undefined;
  try {
    const saved = JSON.parse(text) as EngineRef;
    if ((saved.kind === 'docker' || saved.kind === 'podman') && typeof saved.endpoint === 'string') return saved;
  } catch {
    // Told below.
  }
  throw new SlipwayError('E_BAD_FILE', `${engineFile(paths)} does not name an engine.`, { hint: 'Remove it: the next command detects the engine anew.' });
}

async function saveEngine(paths: Paths, { kind, endpoint, identity }: EngineRef): Promise<void> {
  await writeFileAtomic(engineFile(paths), `${JSON.stringify({ format: 1, kind, endpoint, identity })}\n`);
}
