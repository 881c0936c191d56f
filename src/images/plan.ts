import type { Json, Plan, Step } from '../operations/model.ts';
import { type LayerName, type LayerState, layerTitle, type ProjectImages, type Refresh } from './model.ts';

export interface BuildWanted {
  readonly project: string;
  /** The base as part of a tag: names the lock of its shared layers. */
  readonly base: string;
  /** L2-dev too. */
  readonly dev: boolean;
  /** `dev`: L2-dev and what lies below it, and nothing else; `all`: what an agent's task needs. */
  readonly top: 'all' | 'dev';
  /** Agents at their newest. */
  readonly agents: boolean;
  /** Everything anew, without the builder's cache, the base pulled again. */
  readonly fullRebuild: boolean;
  /** Stamp of what is made anew on request; one per operation. */
  readonly stamp: string;
}

/** The stamps that a build on request puts on the layers that it renews. */
export function requestedRefresh(wanted: Pick<BuildWanted, 'agents' | 'fullRebuild' | 'stamp'>): Refresh {
  if (wanted.fullRebuild) return { l0: wanted.stamp, l1: wanted.stamp };
  return wanted.agents ? { l1: wanted.stamp } : {};
}

export function plannedLayers(wanted: Pick<BuildWanted, 'top' | 'dev'>): readonly LayerName[] {
  if (wanted.top === 'dev') return ['l0', 'l2-dev'];
  return wanted.dev ? ['l0', 'l1-cli', 'l2-cli', 'l2-dev'] : ['l0', 'l1-cli', 'l2-cli'];
}

/** Missing and stale layers, lowest first, then the names. Fingerprints are in the steps where the base is known already. */
export function planBuild(state: ProjectImages, wanted: BuildWanted): Plan {
  const layers = state.layers.filter(({ layer }) => plannedLayers(wanted).includes(layer));
  const fetch = fetchBase(state, wanted, layers);
  const builds = layers.filter(({ state: is }) => fetch.length > 0 || is !== 'fresh').map((layer) => buildStep(layer, state, wanted, fetch.length > 0));
  const names = layers.flatMap((layer) => tagStep(layer, state, builds.length > 0 || fetch.length > 0, fetch.length > 0, wanted));
  const steps = [...fetch, ...builds, ...names];
  return builds.length === 0 ? { steps } : { steps, otherwise: [{ do: 'image.discard', project: wanted.project }] };
}

function fetchBase({ base }: ProjectImages, wanted: BuildWanted, layers: readonly LayerState[]): readonly Step[] {
  const needed = wanted.fullRebuild || (!base.present && layers.some(({ layer, state }) => layer === 'l0' && state !== 'fresh'));
  if (!needed) return [];
  if (base.bootstrap) return [{ do: 'image.bootstrap', tag: base.reference, base: { ...base.bootstrap } }];
  // A base that is here already, such as an imported one, may be known to no registry.
  return [{ do: 'image.pull', reference: base.reference, ...(base.present ? { optional: true } : {}) }];
}

function buildStep({ layer, alias, reasons }: LayerState, state: ProjectImages, wanted: BuildWanted, unknownBase: boolean): Step {
  const noCache = wanted.fullRebuild || (wanted.agents && layer === 'l1-cli');
  return {
    do: 'image.build',
    project: wanted.project,
    layer,
    alias,
    why: why(layer, reasons, wanted),
    refresh: refreshOf(state, wanted),
    ...(unknownBase ? {} : fingerprintOf(state, layer)),
    ...(noCache ? { noCache: true } : {}),
  };
}

function why(layer: LayerName, reasons: readonly string[], wanted: BuildWanted): string {
  if (wanted.fullRebuild) return 'full rebuild';
  if (wanted.agents && layer === 'l1-cli') return 'agents at their newest';
  return reasons.length === 0 ? `layer below ${layerTitle(layer)} may change` : reasons.join(', ');
}

function tagStep({ layer, alias, image }: LayerState, state: ProjectImages, building: boolean, unknownBase: boolean, wanted: BuildWanted): readonly Step[] {
  const fresh = state.layers.some((candidate) => candidate.layer === layer && candidate.state === 'fresh');
  if (!unknownBase && fresh && image?.tags.includes(alias)) return [];
  // Names of shared layers belong to whoever built last: they alone are no reason for work.
  if (!building && !layer.startsWith('l2')) return [];
  return [{ do: 'image.name', project: wanted.project, layer, alias, refresh: refreshOf(state, wanted), ...(unknownBase ? {} : fingerprintOf(state, layer)) }];
}

function fingerprintOf(state: ProjectImages, layer: LayerName): { readonly fingerprint?: string } {
  const found = state.wanted.find((candidate) => candidate.layer === layer);
  return found === undefined ? {} : { fingerprint: found.fingerprint };
}

/** What the layers were judged with: the step renders them again and must come to the same. */
function refreshOf(state: ProjectImages, wanted: BuildWanted): Json {
  const stamps = requestedRefresh(wanted);
  const of = (layer: LayerName) => state.wanted.find((candidate) => candidate.layer === layer)?.refresh;
  const l0 = stamps.l0 ?? of('l0');
  const l1 = stamps.l1 ?? of('l1-cli');
  return { ...(l0 === undefined ? {} : { l0 }), ...(l1 === undefined ? {} : { l1 }) };
}
