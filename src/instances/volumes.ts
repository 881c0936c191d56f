import { ownLabels } from '../containers/labels.ts';
import type { Engine, Mount } from '../engine/model.ts';

export interface VolumeOwner {
  readonly install: string;
  readonly operation: string;
  readonly instance: string;
  readonly signal: AbortSignal;
}

/** Makes the volumes that a container would mount and that are missing: an engine would make them without a label, and nobody would remove them. */
export async function ensureMounted(engine: Engine, mounts: readonly Mount[], { install, operation, instance, signal }: VolumeOwner): Promise<void> {
  for (const { type, source } of mounts) {
    if (type !== 'volume' || source === undefined || (await engine.volumes.inspect(source, { signal })) !== undefined) continue;
    await engine.volumes.create(source, { labels: ownLabels(install, operation, 'instance', { instance }), signal });
  }
}
