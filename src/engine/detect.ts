import { SlipwayError } from '../errors.ts';
import { installLine, permissionLine, startLine } from './advice.ts';
import { type Place, socketPlaces } from './candidates.ts';
import { connect, open } from './connect.ts';
import { type Machine, thisMachine } from './machine.ts';
import type { EngineInfo, EngineKind } from './model.ts';
import { podmanMachinePlaces } from './podman-machine.ts';
import { onDemandEndpoint, startPodmanService } from './podman-service.ts';
import type { Environment, Programs } from './programs.ts';

export interface DetectOptions {
  /** `auto` (default), `docker`, `podman` or a URL: the first of `--engine`, SLIPWAY_ENGINE and `engine` of config.yml that is set. */
  readonly wanted?: string | undefined;
  readonly env: Environment;
  readonly home: string;
  readonly programs: Programs;
  /** Default: this one. */
  readonly machine?: Machine;
  /** Who answers at an endpoint. Default: one ping. */
  readonly ask?: (endpoint: string) => Promise<{ readonly kind: EngineKind }>;
  /** For each place. Default 3,000. */
  readonly timeoutMs?: number;
}

/** `absent`: nothing there; `not-running`: a socket that nobody listens on; `silent`: no answer in time; `failed`: an answer that is none. */
export type CandidateState = 'answers' | 'not-running' | 'no-permission' | 'absent' | 'silent' | 'failed' | 'not-asked';

export interface Candidate extends Place {
  readonly state: CandidateState;
  /** What was seen, where it does not answer. */
  readonly reason: string;
}

export interface Detection {
  readonly chosen: { readonly kind: EngineKind; readonly endpoint: string };
  /** `rootless Podman's socket is the first that answers`. */
  readonly why: string;
  /** Everything up to the chosen one, in order. */
  readonly candidates: readonly Candidate[];
}

/**
 * The engine for new things. E_ENGINE_NONE, E_ENGINE_STOPPED and E_ENGINE_PERMISSION say which of the three it is;
 * an endpoint that was asked for by name throws what is wrong with it.
 */
export async function detectEngine(options: DetectOptions): Promise<Detection> {
  const wanted = options.wanted || 'auto';
  if (wanted !== 'auto' && wanted !== 'docker' && wanted !== 'podman') {
    const { kind } = await asking(options)(wanted);
    const candidate: Candidate = { source: 'what was asked for', kind, endpoint: wanted, state: 'answers', reason: '' };
    return { chosen: { kind, endpoint: wanted }, why: 'it was asked for', candidates: [candidate] };
  }
  const candidates: Candidate[] = [];
  for await (const candidate of tryPlaces(options)) {
    candidates.push(candidate);
    if (candidate.state !== 'answers') continue;
    const { kind, endpoint, source } = candidate;
    return { chosen: { kind, endpoint }, why: `${source} is the first${wanted === 'auto' ? '' : ` of ${wanted}`} that answers`, candidates };
  }
  throw await nothingFound(wanted, candidates, options.machine ?? thisMachine(options.env, options.home));
}

/** Every place, whether or not one before it answered; nothing is started. For `doctor`. */
export async function listCandidates(options: DetectOptions): Promise<readonly Candidate[]> {
  const machine = options.machine ?? thisMachine(options.env, options.home);
  const places = [...(await socketPlaces(machine)), ...(await podmanMachinePlaces(machine, options.programs))];
  const tried = await Promise.all([...places.map((place) => tryPlace(place, options)), ...(await onDemand(machine, options))]);
  // Two names of one socket are one engine.
  return tried.filter((candidate, index) => tried.findIndex((other) => other.endpoint === candidate.endpoint) === index);
}

/** More about a chosen engine: its identity, for what records it. Podman takes a third of a second for this. */
export async function identifyEngine(chosen: Detection['chosen'], options: Pick<DetectOptions, 'env' | 'programs'>): Promise<EngineInfo> {
  const engine = connect(chosen, options);
  try {
    return await engine.info();
  } finally {
    engine.close();
  }
}

/** The service that Slipway may start: asked whether it runs, and not started. */
async function onDemand(machine: Machine, options: DetectOptions): Promise<readonly Candidate[]> {
  if (!(await mayStartPodman(machine))) return [];
  const candidate = await tryPlace(onDemandPlace(machine), options);
  return [candidate.state === 'answers' ? candidate : { ...candidate, state: 'not-asked', reason: 'started when it is needed' }];
}

async function mayStartPodman(machine: Machine): Promise<boolean> {
  return machine.platform === 'linux' && (await machine.hasProgram('podman'));
}

function onDemandPlace(machine: Machine): Place {
  return { source: 'the podman program, its service started on demand', kind: 'podman', endpoint: onDemandEndpoint(machine) };
}

async function* tryPlaces(options: DetectOptions): AsyncGenerator<Candidate> {
  const machine = options.machine ?? thisMachine(options.env, options.home);
  const kind = options.wanted === 'docker' || options.wanted === 'podman' ? options.wanted : undefined;
  const fits = (candidate: Candidate): Candidate =>
    candidate.state === 'answers' && kind !== undefined && candidate.kind !== kind
      ? { ...candidate, state: 'failed', reason: `${candidate.kind} answers there` }
      : candidate;
  // DOCKER_HOST may well lead to a Podman, so with "podman" the places of both are tried.
  for (const place of await socketPlaces(machine)) if (kind !== 'docker' || place.kind === 'docker') yield fits(await tryPlace(place, options));
  if (kind === 'docker') return;
  for (const place of await podmanMachinePlaces(machine, options.programs)) yield await tryPlace(place, options);
  if (await mayStartPodman(machine)) yield await tryOnDemand(machine, options);
}

async function tryOnDemand(machine: Machine, options: DetectOptions): Promise<Candidate> {
  const place = onDemandPlace(machine);
  const running = await tryPlace(place, options);
  if (running.state === 'answers') return running;
  try {
    await startPodmanService(place.endpoint, options.programs, options.env, () => asking(options)(place.endpoint));
    return { ...place, state: 'answers', reason: '' };
  } catch (error) {
    return { ...place, state: 'not-running', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function tryPlace(place: Place, options: DetectOptions): Promise<Candidate> {
  try {
    const { kind } = await asking(options)(place.endpoint);
    return { ...place, kind, state: 'answers', reason: '' };
  } catch (error) {
    return { ...place, state: stateOf(error), reason: error instanceof Error ? error.message : String(error) };
  }
}

function asking(options: DetectOptions): (endpoint: string) => Promise<{ readonly kind: EngineKind }> {
  return (
    options.ask ??
    (async (endpoint) => {
      const engine = await open(endpoint, { programs: options.programs, env: options.env, timeoutMs: options.timeoutMs ?? 3000 });
      engine.close();
      return engine;
    })
  );
}

function stateOf(error: unknown): CandidateState {
  if (!(error instanceof SlipwayError)) return 'failed';
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (error.code === 'E_ENGINE_PERMISSION') return 'no-permission';
  if (error.code === 'E_ENGINE_TIMEOUT') return 'silent';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent';
  return code === 'ECONNREFUSED' ? 'not-running' : 'failed';
}

async function nothingFound(wanted: 'auto' | EngineKind, candidates: readonly Candidate[], machine: Machine): Promise<SlipwayError> {
  const what = wanted === 'auto' ? 'no container engine' : wanted;
  const detail = candidates
    .filter(({ state }) => state !== 'absent')
    .map(({ source, endpoint, reason }) => `${source} (${endpoint}): ${reason}`)
    .join('\n');
  const facts = detail === '' ? {} : { detail };
  const barred = candidates.find(({ state }) => state === 'no-permission');
  if (barred !== undefined) {
    return new SlipwayError('E_ENGINE_PERMISSION', `${barred.kind} is here, but you may not use it (${barred.endpoint})`, {
      ...facts,
      hint: permissionLine(machine, barred.kind),
    });
  }
  const kinds: readonly EngineKind[] = wanted === 'auto' ? ['podman', 'docker'] : [wanted];
  const seen = candidates.find(({ state, kind }) => state !== 'absent' && kinds.includes(kind))?.kind;
  const installed = seen ?? (await installedKind(machine, kinds));
  if (installed !== undefined) {
    return new SlipwayError('E_ENGINE_STOPPED', `${installed} is installed, but it does not run`, { ...facts, hint: await startLine(machine, installed) });
  }
  return new SlipwayError('E_ENGINE_NONE', wanted === 'auto' ? `${what} is installed` : `${what} is not installed`, {
    ...facts,
    hint: await installLine(machine, wanted === 'auto' ? 'podman' : wanted),
  });
}

async function installedKind(machine: Machine, kinds: readonly EngineKind[]): Promise<EngineKind | undefined> {
  // Docker's client alone is no engine: its daemon may be anywhere, or nowhere.
  const daemons = { podman: ['podman'], docker: machine.platform === 'linux' ? ['dockerd', 'docker'] : ['docker'] } as const;
  for (const kind of kinds) for (const program of daemons[kind]) if (await machine.hasProgram(program)) return kind;
  return undefined;
}
