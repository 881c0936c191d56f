import type { PullProgress } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import type { Step, StepKind } from '../operations/model.ts';

interface PullStep extends Step {
  readonly reference: string;
  /** The engine has one already: a registry that does not have it, or does not answer, is a warning. */
  readonly optional?: true;
}

export const pullImage: StepKind = {
  do: 'image.pull',
  describe: (step) => `Pull ${(step as PullStep).reference}`,
  async apply({ app }, step) {
    const { reference, optional } = step as PullStep;
    const engine = await app.engine();
    const layers = new Map<string, PullProgress>();
    const onProgress = (progress: PullProgress) => {
      app.out.pulled?.(progress);
      if (progress.layer !== undefined) layers.set(progress.layer, progress);
      app.out.progress(describePull(reference, [...layers.values()], progress.status));
    };
    try {
      await engine.images.pull(reference, { onProgress, signal: app.signal });
    } catch (error) {
      if (!(error instanceof SlipwayError) || !['E_REGISTRY_UNREACHABLE', 'E_IMAGE_PULL'].includes(error.code)) throw error;
      if (!optional) throw pullError(reference, error);
      app.out.warn(`${reference} was not pulled again, the one on this engine is used: ${error.message}`);
    }
  },
};

function pullError(reference: string, cause: SlipwayError): SlipwayError {
  return new SlipwayError('E_IMAGE_PULL', cause.message, {
    cause,
    hint: `Check the name and the network. Without a registry: \`slipway image import ARCHIVE ${reference}\`, or \`base: { bootstrap: debian, suite: bookworm }\` in project.yml, which makes a base from packages.`,
    ...(cause.detail === undefined ? {} : { detail: cause.detail }),
  });
}

/** `Pull ubuntu:24.04: 3 of 5 layers, 41 MB of 80 MB`. */
export function describePull(reference: string, layers: readonly PullProgress[], status: string): string {
  if (layers.length === 0) return `Pull ${reference}: ${status}`;
  const done = layers.filter(({ status: is }) => /complete|already exists/i.test(is)).length;
  const sum = (values: readonly (number | undefined)[]) => values.reduce<number>((total, value) => total + (value ?? 0), 0);
  const total = sum(layers.map(({ totalBytes }) => totalBytes));
  const bytes = total === 0 ? '' : `, ${megabytes(sum(layers.map(({ currentBytes }) => currentBytes)))} of ${megabytes(total)}`;
  return `Pull ${reference}: ${done} of ${layers.length} layers${bytes}`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
