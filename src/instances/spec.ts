import { hardening } from '../containers/hardening.ts';
import { label, ownLabels } from '../containers/labels.ts';
import type { ContainerSpec, Mount } from '../engine/model.ts';
import { instanceData, instanceLogs, type Paths } from '../state/paths.ts';
import { appliedOf } from './applied.ts';
import { type InstanceEnvironment, revealed } from './environment.ts';
import { type InstanceConfig, instanceContainer, versionOf } from './model.ts';

export interface SpecFacts {
  readonly paths: Paths;
  readonly install: string;
  /** Id: `sha256:…`. */
  readonly image: string;
  readonly environment: InstanceEnvironment;
  /** Of state.json. */
  readonly salt: string;
  /** Default: the name of the one that serves. */
  readonly container?: string;
}

/** The whole container of an instance, always from the full configuration: there is no other place that makes one. It holds secrets: it goes to an engine and nowhere else. */
export function instanceSpec(config: InstanceConfig, facts: SpecFacts): ContainerSpec {
  const { address, port, containerPort, command, user, workingDir, hostname } = config;
  return {
    name: facts.container ?? instanceContainer(config.name),
    image: facts.image,
    labels: {
      // The operation's label is added when the step is carried out.
      ...ownLabels(facts.install, '', 'instance', { instance: config.name, version: versionOf(config) }),
      [label.applied]: JSON.stringify(appliedOf(config, facts)),
    },
    ...(command === undefined ? {} : { entrypoint: [], command }),
    ...(user === undefined ? {} : { user }),
    ...(workingDir === undefined ? {} : { workingDir }),
    hostname: hostname ?? config.name.replaceAll('_', '-').slice(0, 63),
    env: revealed(facts.environment),
    mounts: instanceMounts(facts.paths, config),
    ports: [{ container: containerPort, host: port, protocol: 'tcp', address }],
    resources: config.limits,
    stopTimeoutSeconds: config.stopTimeoutSeconds,
    ...hardening('standard'),
  };
}

/** The instance's own folders first. A mount at the place of `data/`, such as a template's volume, stands in for it. */
export function instanceMounts(paths: Paths, { name, paths: { data, logs, projects }, mounts }: InstanceConfig): readonly Mount[] {
  return [
    ...(mounts.some(({ target }) => target === data) ? [] : [{ type: 'bind', source: instanceData(paths, name), target: data } as const]),
    ...(logs === undefined ? [] : [{ type: 'bind', source: instanceLogs(paths, name), target: logs } as const]),
    ...(projects === undefined ? [] : [{ type: 'bind', source: projects.source, target: projects.target } as const]),
    ...mounts,
  ];
}
