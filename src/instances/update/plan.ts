import { SlipwayError } from '../../errors.ts';
import type { Json, Plan, Step } from '../../operations/model.ts';
import { healthyStep, holdStep, servesAgainStep } from '../health/steps.ts';
import { type HistoryEntry, instanceContainer, nextContainer, previousContainer, versionOf } from '../model.ts';
import { checkSecrets, standingOf } from '../plan.ts';
import { processSteps } from '../process-steps.ts';
import { servedBy } from '../serving.ts';
import {
  createContainerStep,
  keepLogStep,
  loadImageStep,
  recordStep,
  removeContainerStep,
  removeMadeContainersStep,
  setStateStep,
  startContainerStep,
  stopContainerStep,
  untagImagesStep,
  writeConfigStep,
} from '../step-data.ts';
import { isMountedOver, type Outcome, type ReplaceObserved, type ReplaceWanted } from './model.ts';

/** Images that an instance keeps beside the one that it runs, to go back to without a release. */
const keptImages = 5;

/** Whether what is wanted serves already, whatever it is called: identity is the image's, or of a process the release's. */
export function isReplaced({ config, container, digest, drift, state, next }: ReplaceObserved, { source }: ReplaceWanted): boolean {
  if (digest === undefined) return false;
  if (config.kind === 'process') return state.digest === digest && versionOf(config) === versionOf(next);
  return container?.imageId === digest && drift.every(({ key }) => source !== undefined && key === 'version');
}

/**
 * Another version takes an instance's place. All that can be done while the old one serves is done then; between its stop and the
 * new one's start is only what must not happen while either runs: the snapshot of the data. The old container is kept until the new
 * one has held, and `otherwise` has the same one serve again.
 */
export function planReplace(now: ReplaceObserved, wanted: ReplaceWanted, outcome: Outcome): Plan {
  if (now.taken) return { steps: tidySteps(now, wanted) };
  if (isReplaced(now, wanted)) return { steps: [] };
  checkSecrets({ ...now, config: now.next });
  return now.next.kind === 'process' ? planProcess(now, wanted, outcome) : planContainer(now, wanted, outcome);
}

function planContainer(now: ReplaceObserved, wanted: ReplaceWanted, outcome: Outcome): Plan {
  const { config, next, container: old, state } = now;
  const { name, engine } = next;
  const digest = digestOf(now);
  const wasRunning = ['well', 'ill'].includes(standingOf(now));
  const starts = wanted.start ?? state.desired === 'running';
  const serving = instanceContainer(name);
  const data = { instance: name, engine: json(engine), target: next.paths.data, ...(now.ids ? { ids: json(now.ids) } : {}) };
  const keepsData = !isMountedOver(next);
  return {
    steps: [
      ...now.leftovers.map((container) => removeContainerStep(engine, container)),
      loadImageStep(name, engine, next.source, digest),
      { do: 'instance.begin-update', instance: name },
      writeConfigStep(next),
      createContainerStep(next, digest, nextContainer(name)),
      ...(old === undefined ? [] : [renameStep(now, old.id, previousContainer(name))]),
      renameStep(now, nextContainer(name), serving),
      ...(wasRunning ? [stopContainerStep(engine, previousContainer(name))] : []),
      ...(keepsData ? [{ do: 'instance.snapshot', ...data, container: old?.id ?? serving }] : []),
      ...(starts ? [startContainerStep(engine, serving), healthyStep(next, serving), holdStep(next, serving)] : []),
      commitStep(now, outcome),
      ...tidySteps({ ...now, leftovers: old === undefined ? [] : [previousContainer(name)] }, wanted),
    ],
    otherwise: [
      ...(keepsData ? [{ do: 'instance.restore-data', ...data, container: old?.id ?? serving, version: versionOf(next) }] : []),
      removeMadeContainersStep(engine),
      ...(old === undefined ? [] : [renameStep(now, old.id, serving)]),
      writeConfigStep(config),
      ...(wasRunning ? [startContainerStep(engine, serving), servesAgainStep(servedBy(config, old), serving)] : []),
      ...failedSteps(now),
    ],
  };
}

/** A process is its supervisor's, which holds it while it has no program to run. */
function planProcess(now: ReplaceObserved, wanted: ReplaceWanted, outcome: Outcome): Plan {
  const { config, next, state } = now;
  const { name, engine } = next;
  const starts = wanted.start ?? state.desired === 'running';
  const wasRunning = state.desired === 'running';
  const load: readonly Step[] = 'release' in next.source ? [{ do: 'release.load', ...next.source.release, engine: json(engine) }] : [];
  const stop = processSteps('stop', now);
  return {
    steps: [
      ...load,
      { do: 'instance.begin-update', instance: name },
      ...(wasRunning ? stop : []),
      { do: 'instance.snapshot', instance: name },
      writeConfigStep(next),
      ...(starts ? [...processSteps('start', now), healthyStep(next, ''), holdStep(next, '')] : []),
      commitStep(now, outcome),
      ...tidySteps(now, wanted),
    ],
    otherwise: [
      ...(starts || wasRunning ? stop : []),
      { do: 'instance.restore-data', instance: name, version: versionOf(next) },
      writeConfigStep(config),
      ...(wasRunning ? [...processSteps('start', now), servesAgainStep(config, '')] : []),
      ...failedSteps(now),
    ],
  };
}

/** From here the operation goes forward. */
function commitStep(now: ReplaceObserved, outcome: Outcome): Step {
  const entry: HistoryEntry = { version: versionOf(now.next), imageDigest: digestOf(now), updatedAt: now.at, updatedBy: now.person, outcome };
  return { ...recordStep(now.next.name, entry), commit: true };
}

function tidySteps(now: ReplaceObserved, wanted: ReplaceWanted): readonly Step[] {
  const { next, leftovers, container, digest, state } = now;
  const { name, engine } = next;
  // Cut off after its commit, what serves is the new version already.
  const served = now.taken && next.kind === 'container' ? container?.imageId : digest;
  const isContainer = next.kind === 'container';
  return [
    ...(wanted.start && state.desired !== 'running' ? [setStateStep(name, { desired: 'running' })] : []),
    ...leftovers.flatMap((one) => [keepLogStep(name, engine, one), removeContainerStep(engine, one)]),
    ...(isContainer ? [untagImagesStep(name, engine, imagesToKeep(now.history, served))] : []),
    { do: 'instance.end-update', instance: name, ...(served === undefined ? {} : { digest: served }) },
  ];
}

function imagesToKeep(history: readonly HistoryEntry[], served: string | undefined): readonly string[] {
  const ids = history.filter(({ outcome }) => outcome !== 'update-failed').map(({ imageDigest }) => imageDigest);
  const newestFirst = [...new Set([...(served === undefined ? [] : [served]), ...ids.reverse()])];
  return newestFirst.slice(0, keptImages + 1);
}

function failedSteps({ next, digest, person }: ReplaceObserved): readonly Step[] {
  return [
    { do: 'instance.record-failed', instance: next.name, version: versionOf(next), image: digest ?? '', person },
    setStateStep(next.name, { update: null }),
  ];
}

function digestOf({ digest, next }: ReplaceObserved): string {
  if (digest !== undefined) return digest;
  throw new SlipwayError('E_NO_IMAGE', `${versionOf(next)} of ${next.name} is not on its engine.`, {
    hint: `\`slipway instance update ${next.name} --version ${versionOf(next)}\` brings it.`,
  });
}

function renameStep({ next }: ReplaceObserved, container: string, name: string): Step {
  return { do: 'container.rename', engine: json(next.engine), container, name };
}

const json = (value: unknown): Json => value as Json;
