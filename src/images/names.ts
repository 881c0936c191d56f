import type { BootstrapBase } from '../projects/model.ts';
import type { LayerInputs, LayerName } from './model.ts';
import { shortHash } from './short-hash.ts';

/** A tag has 128 characters; a digest in the reference and a suffix must fit. */
const longestBase = 90;

/** A base's reference as part of a tag: `ubuntu:24.04` is `ubuntu-24.04`. */
export function baseTag(reference: string): string {
  const plain = reference.replace(/[/:@]/g, '-');
  return plain.length <= longestBase ? plain : `${plain.slice(0, longestBase - 9)}-${shortHash(reference)}`;
}

/** The name that people see. A layer is found by its labels, never by this. */
export function layerAlias(layer: LayerName, inputs: Pick<LayerInputs, 'base' | 'agents' | 'ownAgents' | 'project'>): string {
  const base = baseTag(inputs.base);
  switch (layer) {
    case 'l0':
      return `slipway-l0:${base}`;
    case 'l1-cli':
      return `slipway-l1-cli:${inputs.ownAgents ? `${base}-${shortHash(inputs.agents.map(({ name }) => name).join(' '))}` : base}`;
    case 'l1-ui':
      return `slipway-l1-ui:${base}`;
    case 'l2-cli':
    case 'l2-web':
    case 'l2-dev':
      return `${inputs.project}:${layer}`;
  }
}

/** The tag that names exactly one recipe. */
export function fingerprintTag(layer: LayerName, project: string, fingerprint: string): string {
  const short = fingerprint.slice(0, 16);
  return layer.startsWith('l2') ? `${project}:${layer}-fp-${short}` : `slipway-${layer}:fp-${short}`;
}

/** Name of a bootstrapped base: the same packages of the same suite are made once. */
export function bootstrapTag(base: BootstrapBase): string {
  const { bootstrap, suite, packages, components } = base;
  return `slipway-base:${suite}-${shortHash(JSON.stringify([bootstrap, suite, packages, components]))}`;
}

/** A reference for the time of a build. The operation's own: other projects and installs build from the same image at the same time. */
export function pinnedBaseTag(operation: string): string {
  return `slipway-base:of-${operation}`;
}

/** The name for people before the tag of the fingerprint. */
export function nameOf(tags: readonly string[], id: string): string {
  return tags.find((tag) => !/[:-]fp-[0-9a-f]{16}$/.test(tag)) ?? tags[0] ?? id.replace(/^sha256:/, '').slice(0, 12);
}
