import { rmSync } from 'node:fs';
import { SlipwayError } from '../errors.ts';
import type { ContainerSpec, Engine, EngineRef } from '../engine/model.ts';
import type { Json, Step, StepKind } from '../operations/model.ts';
import { isOwn, label, operationFilter } from './labels.ts';
import { lastLines } from './logs.ts';
import { awaitReady } from './ready.ts';

interface ContainerStep extends Step {
  readonly engine: EngineRef & { readonly [key: string]: Json };
  /** Name or id. */
  readonly container: string;
}

export interface CreateStep extends ContainerStep {
  readonly do: 'container.create';
  /** Without the operation's label: applying adds it. */
  readonly spec: ContainerSpec & { readonly [key: string]: Json | undefined };
}

export interface StartStep extends ContainerStep {
  readonly do: 'container.start';
  /** On the host, written by the entry script when it is through; taken away before the start. */
  readonly marker?: string;
}

export interface ReadyStep extends ContainerStep {
  readonly do: 'container.ready';
  readonly marker: string;
  /** Absolute, ISO 8601: a recovered operation does not wait anew. */
  readonly deadline: string;
  /** The command that shows the logs, for the failure's hint. */
  readonly logs: string;
}

export interface StopStep extends ContainerStep {
  readonly do: 'container.stop';
  /** Default: the container's own, set when it was made. */
  readonly timeoutSeconds?: number;
}

export interface RenameStep extends ContainerStep {
  readonly do: 'container.rename';
  readonly name: string;
}

export interface RemoveStep extends ContainerStep {
  readonly do: 'container.remove';
}

export interface RemoveMadeStep extends Step {
  readonly do: 'container.remove-made';
  readonly engine: EngineRef & { readonly [key: string]: Json };
}

const create: StepKind = {
  do: 'container.create',
  describe: (step) => `Create container ${(step as CreateStep).container}`,
  async apply(context, step) {
    const { engine, spec } = step as unknown as CreateStep;
    const labels = { ...spec.labels, [label.op]: context.operation };
    await context.app.engineAt(engine).containers.create({ ...spec, labels }, { signal: context.app.signal });
  },
};

const start: StepKind = {
  do: 'container.start',
  describe: (step) => `Start container ${(step as StartStep).container}`,
  async apply({ app }, step) {
    const { engine, container, marker } = step as StartStep;
    if (marker !== undefined) rmSync(marker, { force: true });
    await app.engineAt(engine).containers.start(container, { signal: app.signal });
  },
  async isDone({ app }, step) {
    const { engine, container } = step as StartStep;
    return (await app.engineAt(engine).containers.inspect(container))?.startedAt !== undefined;
  },
};

const ready: StepKind = {
  do: 'container.ready',
  describe: (step) => `Wait until container ${(step as ReadyStep).container} is ready`,
  async apply({ app }, step) {
    const { engine: ref, container, marker, deadline, logs } = step as ReadyStep;
    const engine = app.engineAt(ref);
    const failure = await awaitReady(app, engine, { container, marker, deadline });
    if (failure !== undefined) throw await notReady(engine, container, failure, logs);
  },
};

async function notReady(engine: Engine, container: string, what: string, logs: string): Promise<SlipwayError> {
  const detail = await lastLines(engine, container, 10).catch(() => '');
  return new SlipwayError('E_CONTAINER_START', `Container ${container} ${what} when it was started.`, {
    hint: `See \`${logs}\`; the task and its workspace are as they were.`,
    ...(detail ? { detail } : {}),
  });
}

const stop: StepKind = {
  do: 'container.stop',
  describe: (step) => `Stop container ${(step as StopStep).container}`,
  async apply({ app }, step) {
    const { engine, container, timeoutSeconds } = step as StopStep;
    // No limit on the call: a container that takes its whole grace is no failure.
    await app.engineAt(engine).containers.stop(container, timeoutSeconds === undefined ? {} : { timeoutSeconds });
  },
};

const rename: StepKind = {
  do: 'container.rename',
  describe: (step) => `Rename container to ${(step as RenameStep).name}`,
  async apply({ app }, step) {
    const { engine: ref, container, name } = step as RenameStep;
    const engine = app.engineAt(ref);
    // The name may be its own already, where an undo is repeated.
    if ((await engine.containers.inspect(container))?.name !== name) await engine.containers.rename(container, name);
  },
};

const remove: StepKind = {
  do: 'container.remove',
  describe: (step) => `Remove container ${(step as RemoveStep).container}`,
  async apply({ app }, step) {
    const { engine: ref, container } = step as RemoveStep;
    const engine = app.engineAt(ref);
    const found = await engine.containers.inspect(container);
    if (found === undefined) return;
    if (!isOwn(found.labels, await app.installId())) throw foreignContainer(container);
    await engine.containers.remove(found.id, { force: true });
  },
};

/** Undoes `container.create` of this operation, found by label. */
const removeMade: StepKind = {
  do: 'container.remove-made',
  describe: () => 'Remove the container that this operation made',
  async apply({ app, operation }, step) {
    const engine = app.engineAt((step as RemoveMadeStep).engine);
    for (const made of await engine.containers.list({ labels: operationFilter(await app.installId(), operation) })) {
      await engine.containers.remove(made.id, { force: true });
    }
  },
};

/** A name of ours that another's container has. */
export function foreignContainer(name: string): SlipwayError {
  return new SlipwayError('E_NAME_TAKEN', `A container named ${name} exists, and this install of Slipway did not make it.`, {
    hint: 'Rename or remove that container with your engine, then run the command again. Slipway leaves it alone.',
  });
}

export const steps: readonly StepKind[] = [create, start, ready, stop, rename, remove, removeMade];
