import { SlipwayError } from '../errors.ts';
import type { Registry, StepKind, Verb } from '../operations/model.ts';

/** A room's step kinds and verbs, by the first word of their names. Loaded when one of them is needed. */
interface Room {
  readonly steps: () => Promise<{ steps: readonly StepKind[] }>;
  readonly verbs?: () => Promise<{ verbs: readonly Verb[] }>;
}

const rooms: Readonly<Record<string, Room>> = {
  container: { steps: () => import('../containers/steps.ts') },
  project: { steps: () => import('../projects/steps.ts'), verbs: () => import('../projects/verbs.ts') },
  image: { steps: () => import('../images/steps.ts'), verbs: () => import('../images/verbs.ts') },
  task: { steps: () => import('../tasks/steps.ts'), verbs: () => import('../tasks/verbs.ts') },
  pipeline: { steps: () => import('../runs/pipeline/steps.ts'), verbs: () => import('../runs/pipeline/verbs.ts') },
  run: { steps: () => import('../runs/steps.ts'), verbs: () => import('../runs/verbs.ts') },
  instance: { steps: () => import('../instances/steps.ts'), verbs: () => import('../instances/verbs.ts') },
  unit: { steps: () => import('../instances/units/steps.ts') },
  release: { steps: () => import('../instances/releases/steps.ts'), verbs: () => import('../instances/releases/verbs.ts') },
  service: { steps: () => import('../instances/service/steps.ts'), verbs: () => import('../instances/service/verbs.ts') },
};

export const registry: Registry = {
  async stepKind(name) {
    const kind = (await room(name)?.steps())?.steps.find((candidate) => candidate.do === name);
    if (kind) return kind;
    throw new SlipwayError('E_STEP_UNKNOWN', `This version of Slipway knows no step ${name}.`, {
      hint: 'The operation was begun by another version; run its command again with that version.',
    });
  },
  async verb(name) {
    return (await room(name)?.verbs?.())?.verbs.find((candidate) => candidate.name === name);
  },
};

function room(name: string): Room | undefined {
  return rooms[name.slice(0, name.indexOf('.'))];
}
