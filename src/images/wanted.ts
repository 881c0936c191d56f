import { parseOnce } from '../state/yaml-cache.ts';
import type { Paths } from '../state/paths.ts';
import { fingerprint } from './fingerprint.ts';
import { type LayerInputs, type LayerName, layerBelow, type Refresh, type WantedLayer } from './model.ts';
import { fingerprintTag, layerAlias } from './names.ts';
import { partHash } from './parts.ts';
import { renderLayer } from './render.ts';

export interface WantedFacts {
  readonly install: string;
  readonly baseId: string;
  readonly refresh: Refresh;
}

/** The same, and kept: for a project that has not changed nothing is rendered and hashed anew. */
export function wantedOnce(paths: Paths, inputs: LayerInputs, facts: WantedFacts, layers: readonly LayerName[]): Promise<readonly WantedLayer[]> {
  const text = JSON.stringify([inputs, facts, layers]);
  return parseOnce(paths, `wanted-${inputs.project}`, inputs.project, text, async () => wantedLayers(inputs, facts, layers));
}

/** The layers as they should be now, lower ones first. Pure. */
export function wantedLayers(inputs: LayerInputs, facts: WantedFacts, layers: readonly LayerName[]): readonly WantedLayer[] {
  const made = new Map<LayerName, WantedLayer>();
  const make = (layer: LayerName): WantedLayer => {
    const known = made.get(layer);
    if (known) return known;
    const below = layerBelow[layer];
    const parent = below === undefined ? facts.baseId : make(below).fingerprint;
    const refresh = layer === 'l0' ? facts.refresh.l0 : layer === 'l1-cli' ? facts.refresh.l1 : undefined;
    const rendered = renderLayer(layer, inputs, refresh);
    const print = fingerprint({ layer, install: facts.install, parent, rendered });
    const wanted: WantedLayer = {
      layer,
      alias: layerAlias(layer, inputs),
      tag: fingerprintTag(layer, inputs.project, print),
      fingerprint: print,
      parent,
      refresh,
      parts: layer === 'l0' ? { base: partHash(facts.baseId), ...rendered.parts } : rendered.parts,
      rendered,
    };
    made.set(layer, wanted);
    return wanted;
  };
  for (const layer of layers) make(layer);
  return [...made.values()];
}
