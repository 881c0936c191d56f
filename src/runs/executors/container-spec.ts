import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { templatesDir } from '../../agents/templates.ts';
import { hardening } from '../../containers/hardening.ts';
import { type LabelExtras, ownLabels } from '../../containers/labels.ts';
import type { ContainerSpec, Mount, Resources } from '../../engine/model.ts';
import { defaults } from '../../projects/defaults.ts';
import { type Paths, runChannel, runWorkspace } from '../../state/paths.ts';
import type { PipelinePlan, PlannedService, RunRef } from '../model.ts';
import { cacheMounts, type MountedCache } from './caches.ts';
import { channelTarget, containerName, serviceContainer, workspaceTarget } from './container-names.ts';

/** What a run's containers are made of. */
export interface ContainerWanted {
  readonly run: RunRef;
  /** Reference of the image that was built, pulled or found. */
  readonly image: string;
  readonly resources?: PipelinePlan['resources'];
  readonly services: readonly PlannedService[];
  readonly caches: readonly MountedCache[];
}

/** From TERM to KILL, when a run's container is stopped. */
export const graceSeconds = 5;

/** Of what the container has written: that it is up. */
export const readyMarker = (paths: Paths, { repository, run }: RunRef) => join(runChannel(paths, repository, run), 'ready');

/** The run's container: kept up whatever the image's own program is, as the image's user. */
export function mainContainer(paths: Paths, install: string, wanted: ContainerWanted): ContainerSpec {
  const { repository, run } = wanted.run;
  return {
    ...common(install, wanted, {}),
    name: containerName(wanted.run),
    image: wanted.image,
    entrypoint: ['/bin/sh', '-c', holdScript(), 'slipway-ci'],
    command: [],
    // The workspace may be another user's than the container's, which git refuses; this container has nobody else's.
    env: { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' },
    workingDir: workspaceTarget,
    hostname: repository.slice(0, 63),
    mounts: [
      bind(runWorkspace(paths, repository, run), workspaceTarget),
      bind(runChannel(paths, repository, run), channelTarget),
      ...cacheMounts(install, repository, wanted.caches),
    ],
    stopTimeoutSeconds: graceSeconds,
    stopSignal: 'SIGTERM',
    // The image's own is about the program that does not run here.
    healthcheck: { test: ['NONE'] },
  };
}

/** A side container with the image's own program. */
export function serviceSpec(install: string, wanted: ContainerWanted, service: PlannedService): ContainerSpec {
  const limits = common(install, wanted, { service: service.name });
  return {
    ...limits,
    name: serviceContainer(wanted.run, service.name),
    image: service.image,
    ...(service.command === undefined ? {} : { command: service.command }),
    env: service.env,
    hostname: service.name.slice(0, 63),
    // What listens on 80 or 443 does so in an image of its own.
    capAdd: [...(limits.capAdd ?? []), 'NET_BIND_SERVICE'],
  };
}

/** Networks are made only where there are services: address pools are small. */
function common(install: string, { run: ref, services, resources }: ContainerWanted, extra: LabelExtras) {
  const limits: Resources = { pids: defaults.pids, ...resources };
  return {
    // The operation's label is added when the step is carried out.
    labels: ownLabels(install, '', 'run', { project: ref.repository, run: ref.run, ...extra }),
    resources: limits,
    ...hardening('standard'),
    ...(services.length === 0 ? {} : { network: containerName(ref) }),
  };
}

/** In the command and not in a file: nothing that the container can write decides whether it stays up. */
function holdScript(): string {
  const hold = readFileSync(join(templatesDir(), 'container', 'hold.sh'), 'utf8');
  // A redirection that fails would end the shell, were it not in one of its own.
  return [`( : > ${channelTarget}/ready )`, 'command -v sleep >/dev/null || exit 127', `SLIPWAY_GRACE=${graceSeconds - 1}`, hold].join('\n');
}

function bind(source: string, target: string): Mount {
  return { type: 'bind', source, target };
}
