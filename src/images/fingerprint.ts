import { createHash } from 'node:crypto';
import type { LayerName, RenderedLayer } from './model.ts';

export interface FingerprintInputs {
  readonly layer: LayerName;
  /** Two installs on one engine keep their layers apart: each removes only its own. */
  readonly install: string;
  /** Fingerprint of the layer below; of L0, the base image's id. */
  readonly parent: string;
  readonly rendered: RenderedLayer;
}

/** SHA-256 of everything that goes into a layer, hexadecimal. */
export function fingerprint({ layer, install, parent, rendered }: FingerprintInputs): string {
  const files = rendered.files.map(({ path, mode, content }) => [path, mode, content]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([layer, install, parent, rendered.dockerfile, files]))
    .digest('hex');
}
