import type { ContainerSpec, EngineRef } from '../../engine/model.ts';
import type { App, Json, Plan, Step } from '../../operations/model.ts';
import { runWorkspace } from '../../state/paths.ts';
import type { PlannedService, RunRef } from '../model.ts';
import { cacheLabels } from './caches.ts';
import { cacheVolume, containerName, workspaceTarget } from './container-names.ts';
import { type ContainerWanted, mainContainer, readyMarker, serviceSpec } from './container-spec.ts';

/** What a run's containers need, as data. */
export interface ContainerMaking {
  readonly engine: EngineRef;
  readonly run: RunRef;
  /** ISO 8601. */
  readonly at: string;
  readonly main: ContainerSpec;
  readonly marker: string;
  readonly services: readonly { readonly service: PlannedService; readonly spec: ContainerSpec }[];
  readonly caches: readonly { readonly volume: string; readonly labels: Readonly<Record<string, string>>; readonly key: string; readonly target: string }[];
  /** The user that the image's programs run as: empty for root. */
  readonly user: string;
  readonly workspace: string;
}

export async function observeMaking(app: App, engine: EngineRef, wanted: ContainerWanted & { readonly user: string }): Promise<ContainerMaking> {
  const { repository, run } = wanted.run;
  const install = await app.installId();
  return {
    engine,
    run: wanted.run,
    at: app.clock.now().toISOString(),
    main: mainContainer(app.paths, install, wanted),
    marker: readyMarker(app.paths, wanted.run),
    services: wanted.services.map((service) => ({ service, spec: serviceSpec(install, wanted, service) })),
    caches: wanted.caches.map(({ key, target }) => ({
      key,
      target,
      volume: cacheVolume(install, repository, key),
      labels: cacheLabels(install, '', repository, key),
    })),
    user: wanted.user,
    workspace: runWorkspace(app.paths, repository, run),
  };
}

/** The first `keep-id` or copied start of an image takes seconds per gigabyte. */
const readyMs = 120_000;

/** From nothing to a container that steps can run in. All of it can be undone. */
export function planContainer(making: ContainerMaking): Plan {
  const { run, main, services, caches, marker } = making;
  const engine = json(making.engine);
  const created: { readonly name: string; readonly container: string }[] = [];
  const serviceSteps = services.flatMap(({ service, spec }): Step[] => {
    const hosts = json([...created]);
    created.push({ name: service.name, container: spec.name });
    return [
      { do: 'run.create-container', engine, ...run, container: spec.name, spec: json(spec), hosts },
      { do: 'container.start', engine, container: spec.name },
    ];
  });
  return {
    steps: [
      { do: 'run.prepare-folders', ...run, places: json(caches.map(({ target }) => target)) },
      ...(services.length === 0 ? [] : [{ do: 'run.create-network', engine, network: containerName(run), labels: json(main.labels) }]),
      ...caches.map(({ volume, labels, key }) => ({ do: 'run.create-cache', engine, volume, labels: json(labels), key })),
      ...serviceSteps,
      ...(services.length === 0 ? [] : [{ do: 'run.await-services', engine, services: json(services.map(({ service, spec }) => watched(service, spec))) }]),
      { do: 'run.create-container', engine, ...run, container: main.name, spec: json(main), hosts: json(created), main: true },
      { do: 'container.start', engine, container: main.name, marker },
      { do: 'run.await-container', engine, ...run, container: main.name, image: main.image, marker, deadline: later(making.at, readyMs) },
      ...ownSteps(making, engine),
    ],
    otherwise: [{ do: 'run.remove-resources', engine, ...run }],
  };
}

/** Root may write anywhere; another user needs the workspace and the caches to be its own. */
function ownSteps({ user, main, caches }: ContainerMaking, engine: Json): readonly Step[] {
  if (isRoot(user)) return [];
  return [{ do: 'run.own-workspace', engine, container: main.name, user, places: json([workspaceTarget, ...caches.map(({ target }) => target)]) }];
}

/** `''`, `root`, `0`, `0:0`, `root:adm`. */
function isRoot(user: string): boolean {
  return ['', 'root', '0'].includes(user.split(':')[0] ?? '');
}

function watched({ name, health }: PlannedService, spec: ContainerSpec): Json {
  return json({ name, container: spec.name, ...(health === undefined ? {} : { health }) });
}

function later(at: string, ms: number): string {
  return new Date(Date.parse(at) + ms).toISOString();
}

/** Models are readonly data without functions: they are JSON as they are. */
function json(value: unknown): Json {
  return value as Json;
}
