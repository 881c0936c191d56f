import type { Engine } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import type { App } from '../operations/model.ts';
import { hardening } from './hardening.ts';
import { type LabelExtras, ownLabels, type ResourceKind } from './labels.ts';
import { lastLines } from './logs.ts';

export interface Removal {
  /** Any image on the engine that has a shell. */
  readonly image: string;
  /** On the host. It stays, empty. */
  readonly directory: string;
  /** Whose container it is. */
  readonly kind: ResourceKind;
  readonly extra: LabelExtras;
}

// Small images have no `find`.
const script = 'find /slipway-remove -xdev -mindepth 1 -delete || { cd /slipway-remove && rm -rf -- .[!.]* ..?* *; }';

/**
 * Empties a folder of ours as root of a throw-away container without network: what containers wrote there as other users,
 * the person may not be able to remove. Links are not followed and other file systems not entered.
 */
export async function removeAsRoot(app: App, engine: Engine, operation: string, removal: Removal): Promise<void> {
  const { image, directory, kind, extra } = removal;
  const id = await engine.containers.create({
    name: `slipway-remove-${operation}`,
    image,
    labels: ownLabels(await app.installId(), operation, kind, extra),
    entrypoint: ['/bin/sh', '-c', script],
    command: [],
    // Not `root`: an image need not have a list of users.
    user: '0',
    workingDir: '/',
    network: 'none',
    mounts: [{ type: 'bind', source: directory, target: '/slipway-remove' }],
    ...hardening('strict'),
  });
  try {
    await engine.containers.start(id);
    const { exitCode } = await engine.containers.wait(id);
    if (exitCode === 0) return;
    throw new SlipwayError('E_STATE_PERMISSION', `Not everything below ${directory} could be removed.`, {
      detail: await lastLines(engine, id, 5),
      hint: 'Look at who owns what is left, and remove it by hand; then run the command again.',
    });
  } finally {
    await engine.containers.remove(id, { force: true });
  }
}
