import type { LayerImage, LayerInputs, LayerName, Refresh, WantedLayer } from './model.ts';
import { wantedLayers } from './wanted.ts';

/** Inputs that the tests of this room start from. */
export const sampleInputs: LayerInputs = {
  base: 'debian:bookworm',
  bootstrap: undefined,
  setup: { 'packages.sh': 'packages', 'host-ca.sh': 'host-ca', 'user.sh': 'user', 'node.sh': 'node' },
  entry: [{ path: 'entry.sh', mode: 0o755, content: 'entry' }],
  hostCa: [],
  agents: [
    { name: 'claude', node: '>=18', install: ['npm install -g claude-cli'] },
    { name: 'codex', node: '>=20.1', install: ['npm install -g codex-cli'] },
  ],
  ownAgents: false,
  project: 'demo',
  repository: 'https://example.org/demo.git',
  branch: 'main',
  env: { GREETING: 'hello' },
  snippet: 'RUN echo snippet',
  network: undefined,
};

export const sampleBase = 'sha256:base-1';

export function sampleWanted(changes: Partial<LayerInputs> = {}, facts: { readonly baseId?: string; readonly refresh?: Refresh } = {}): readonly WantedLayer[] {
  const layers: readonly LayerName[] = ['l0', 'l1-cli', 'l2-cli'];
  return wantedLayers({ ...sampleInputs, ...changes }, { install: 'install-1', baseId: facts.baseId ?? sampleBase, refresh: facts.refresh ?? {} }, layers);
}

let count = 0;

/** The images that a build of these layers would leave, under all their names. */
export function sampleImages(wanted: readonly WantedLayer[], project = 'demo', base = { reference: 'debian:bookworm', id: sampleBase }): readonly LayerImage[] {
  return wanted.map((layer): LayerImage => {
    count += 1;
    return {
      id: `sha256:${layer.layer}-${count}`,
      layer: layer.layer,
      fingerprint: layer.fingerprint,
      parent: layer.parent,
      parts: layer.parts,
      refresh: layer.refresh,
      base: layer.layer === 'l0' ? base : undefined,
      project: layer.layer.startsWith('l2') ? project : undefined,
      operation: 'op-1',
      tags: [layer.alias, layer.tag],
      tagged: true,
      createdAt: new Date(Date.UTC(2026, 0, 1) + count * 1000).toISOString(),
      sizeBytes: 100,
    };
  });
}
