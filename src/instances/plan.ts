import { SlipwayError } from '../errors.ts';
import type { Plan, Step } from '../operations/model.ts';
import { healthyStep } from './health/steps.ts';
import { updateCommand } from './image.ts';
import { instanceContainer, nextContainer, previousContainer, versionOf } from './model.ts';
import type { CreateObserved, InstanceObserved } from './observe.ts';
import {
  createContainerStep,
  dropHandedOverStep,
  haltStep,
  loadImageStep,
  prepareStep,
  recordStep,
  removeContainerStep,
  removeMadeContainersStep,
  setStateStep,
  startContainerStep,
  startedStep,
  stopContainerStep,
  untagImagesStep,
  writeConfigStep,
  writeEnvStep,
} from './step-data.ts';
import { servedBy } from './serving.ts';
import { processSteps } from './process-steps.ts';
import { unitSteps } from './units/units.ts';

export type Standing = 'well' | 'ill' | 'stopped' | 'none';
export type Action = 'nothing' | 'wait' | 'start' | 'create' | 'stop' | 'restart' | 'not-running';

/** What a verb does to an instance's container, by how it stands. `nothing` writes down at most what a person wants. */
export const actions: Readonly<Record<'start' | 'stop' | 'restart', Readonly<Record<Standing, Action>>>> = {
  start: { well: 'nothing', ill: 'wait', stopped: 'start', none: 'create' },
  stop: { well: 'stop', ill: 'stop', stopped: 'not-running', none: 'not-running' },
  restart: { well: 'restart', ill: 'restart', stopped: 'start', none: 'create' },
};

/** Paused, restarting and removing are errors that name the state and the way out. */
export function standingOf({ container, program, health, config }: InstanceObserved): Standing {
  const running = health === undefined || health.state === 'healthy' ? 'well' : 'ill';
  if (config.kind === 'process') return program === undefined ? 'stopped' : running;
  if (container === undefined) return 'none';
  switch (container.state) {
    case 'running':
      return running;
    case 'created':
    case 'exited':
    case 'dead':
      return 'stopped';
    default: {
      const way = container.state === 'paused' ? `Unpause it with your engine: \`${config.engine.kind} unpause ${container.name}\`.` : 'Try again in a moment.';
      throw new SlipwayError('E_INSTANCE_STATE', `Container ${container.name} is ${container.state}.`, { hint: way });
    }
  }
}

/** Everything but the start: until its line of history is written, all of it can be undone. */
export function planCreate(observed: CreateObserved): Plan {
  const { config, image, digest, kept, secretsFile, at, person } = observed;
  const { name } = config;
  const drop = secretsFile === undefined ? [] : [dropHandedOverStep(name, secretsFile)];
  const container = image === undefined ? [] : [loadImageStep(name, config.engine, config.source, image), createContainerStep(config, image)];
  return {
    steps: [
      prepareStep(name),
      setStateStep(name, { desired: 'stopped', digest }),
      writeEnvStep(name, secretsFile),
      ...drop,
      writeConfigStep(config),
      ...container,
      { ...recordStep(name, { version: versionOf(config), imageDigest: digest, updatedAt: at, updatedBy: person, outcome: 'created' }), commit: true },
    ],
    otherwise: [
      ...(image === undefined ? [] : [removeMadeContainersStep(config.engine), untagImagesStep(name, config.engine, [])]),
      { do: 'instance.remove-made', instance: name, kept },
      ...drop,
    ],
  };
}

export interface StartOptions {
  /** Start what is there although the configuration differs. */
  readonly asIs: boolean;
}

/** Where health is not reached, it is stopped again: nothing half-dead is left serving. One that is cut off goes on. */
export function planStart(observed: InstanceObserved, { asIs }: StartOptions): Plan {
  const { config, drift } = observed;
  checkSecrets(observed);
  if (drift.length > 0 && !asIs) throw drifted(config.name);
  switch (actions.start[standingOf(observed)]) {
    case 'nothing':
      return { steps: wantRunning(observed) };
    case 'wait':
      return { steps: [...wantRunning(observed), healthyStep(servedBy(config, observed.container), instanceContainer(config.name))] };
    case 'start':
      return { steps: startSteps(observed) };
    default:
      return { steps: [...createSteps(observed), ...startSteps(observed)] };
  }
}

export interface RestartOptions {
  /** When it was asked for, ISO 8601: one started after that is the restarted one. */
  readonly after: string;
}

export function isRestarted({ container, program }: InstanceObserved, { after }: RestartOptions): boolean {
  const startedAt = program?.startedAt ?? (container?.state === 'running' ? container.startedAt : undefined);
  return startedAt !== undefined && startedAt > after;
}

/** The same container stops and starts: what it holds stays, and what is configured differently waits for `start`. */
export function planRestart(observed: InstanceObserved, options: RestartOptions): Plan {
  const { config } = observed;
  checkSecrets(observed);
  if (isRestarted(observed, options)) return { steps: [...wantRunning(observed), startedStep(servedBy(config, observed.container), haltOf(observed))] };
  const action = actions.restart[standingOf(observed)];
  const first = action === 'create' ? createSteps(observed) : action === 'restart' ? [stopStep(observed)] : [];
  return { steps: [...first, ...startSteps(observed)] };
}

export interface StopOptions {
  /** Default: the instance's `stop_timeout`. */
  readonly timeoutSeconds?: number | undefined;
}

export function planStop(observed: InstanceObserved, { timeoutSeconds }: StopOptions): Plan {
  const { config, state, unit } = observed;
  const wanted = state.desired === 'stopped' ? [] : [setStateStep(config.name, { desired: 'stopped' })];
  const running = actions.stop[standingOf(observed)] === 'stop';
  return {
    steps: [...wanted, ...(running ? [stopStep(observed, timeoutSeconds)] : []), ...(unit.active ? unitSteps('stop', { instance: config.name, unit }) : [])],
  };
}

export interface DeleteOptions {
  readonly keepData: boolean;
}

/** Unit, container, files, images: what remains after a crash is still an instance that `delete` finishes. */
export function planDelete(observed: InstanceObserved & { readonly leftovers: readonly string[] }, { keepData }: DeleteOptions): Plan {
  const { config, container, unit, state } = observed;
  const { name, engine } = config;
  const isContainer = config.kind === 'container';
  return {
    steps: [
      ...(state.desired === 'stopped' ? [] : [setStateStep(name, { desired: 'stopped' })]),
      ...unitSteps('uninstall', { instance: name, unit }),
      ...(isContainer ? [] : processSteps('stop', observed)),
      ...(container?.state === 'running' ? [stopContainerStep(engine, container.name)] : []),
      ...[...(container ? [container.name] : []), ...observed.leftovers].map((one) => removeContainerStep(engine, one)),
      {
        do: 'instance.remove-files',
        instance: name,
        keepData,
        ...(isContainer ? { engine: { ...engine }, image: container?.imageId ?? state.digest } : {}),
      },
      ...(isContainer ? [untagImagesStep(name, engine, [])] : []),
      { do: 'instance.forget', instance: name, keepData },
    ],
  };
}

/** Names that an update which was cut off may have left. */
export const leftoverNames = (instance: string) => [nextContainer(instance), previousContainer(instance)] as const;

function createSteps({ config, image }: InstanceObserved): readonly Step[] {
  if (image === undefined) {
    throw new SlipwayError('E_NO_IMAGE', `The image of ${config.name} (${versionOf(config)}) is not on its engine any more.`, {
      hint: `Bring it back: \`${updateCommand(config.name, config.source)}\`.`,
    });
  }
  return [prepareStep(config.name), loadImageStep(config.name, config.engine, config.source, image), createContainerStep(config, image)];
}

/** A process is started by its supervisor, which its unit is where it has one, and which starts what is to run. */
function startSteps(observed: InstanceObserved): readonly Step[] {
  const { config, unit } = observed;
  const well = startedStep(servedBy(config, observed.container), haltOf(observed));
  if (config.kind === 'process') return [...wantRunning(observed), ...processSteps('start', observed), well];
  // One that cannot even be started is not wanted anew.
  const start = startContainerStep(config.engine, instanceContainer(config.name));
  return [start, ...wantRunning(observed), well, ...unitSteps('start', { instance: config.name, unit })];
}

function wantRunning({ config, state }: InstanceObserved): readonly Step[] {
  return state.desired === 'running' ? [] : [setStateStep(config.name, { desired: 'running' })];
}

function stopStep(observed: InstanceObserved, timeoutSeconds?: number): Step {
  const { config } = observed;
  const [processStop] = config.kind === 'process' ? processSteps('stop', observed) : [];
  return processStop ?? stopContainerStep(config.engine, instanceContainer(config.name), timeoutSeconds);
}

/** What does not become well is stopped so. Its container stays: `logs` shows what it wrote. */
function haltOf(observed: InstanceObserved): Step {
  const { config } = observed;
  const [processStop] = config.kind === 'process' ? processSteps('stop', observed) : [];
  return processStop ?? haltStep(config.name, config.engine, instanceContainer(config.name));
}

export function checkSecrets({ config, missingSecrets: [first, ...more] }: InstanceObserved): void {
  if (first === undefined) return;
  const which = more.length === 0 ? 'a secret that it needs' : `${more.length + 1} secrets that it needs`;
  throw new SlipwayError('E_NO_SECRET', `Instance ${config.name} has no ${[first, ...more].join(', ')}: ${which}.`, {
    hint: `Give it: \`slipway instance env set ${config.name} ${first}\`.`,
  });
}

export function drifted(name: string): SlipwayError {
  return new SlipwayError('E_DRIFT', `The configuration of ${name} differs from its container.`, {
    hint: `\`slipway instance start ${name} --yes\` makes the container anew from it; \`slipway instance start ${name} --as-is\` starts it as it is.`,
  });
}
