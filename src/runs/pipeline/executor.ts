import type { ExecutorKind } from '../model.ts';
import { mapAt, type Surroundings } from './definition.ts';

/** What the steps are run in, and why: the command line, the pipeline, or what there is to run them in. */
export function executorOf(value: unknown, { executor, hasDockerfile }: Surroundings): { readonly kind: ExecutorKind; readonly why: string } {
  if (executor !== undefined) return { kind: executor, why: `\`--executor ${executor}\` was asked for` };
  const { executor: own, image } = mapAt(value);
  if (own === 'container' || own === 'host') return { kind: own, why: `the pipeline says \`executor: ${own}\`` };
  if (image !== undefined) return { kind: 'container', why: 'the pipeline names an `image`' };
  if (hasDockerfile) return { kind: 'container', why: 'there is .slipway/Dockerfile' };
  return { kind: 'host', why: 'there is neither an `image` nor .slipway/Dockerfile' };
}
