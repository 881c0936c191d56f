import type { Engine } from '../engine/model.ts';
import { listLayerImages } from '../images/layer-image.ts';
import { observeProjectImages } from '../images/observe.ts';
import type { LayerImage, ProjectImages } from '../images/model.ts';
import { type ContainerStaleness, containerStaleness, sameId } from '../images/staleness.ts';
import { SlipwayError } from '../errors.ts';
import type { App } from '../operations/model.ts';
import { resolveProject } from '../projects/resolve.ts';
import type { TaskMetadata, TaskProblem } from './model.ts';

export interface ContainerImage {
  readonly task: TaskMetadata;
  readonly imageId: string;
}

export interface ContainerProblems {
  readonly task: TaskMetadata;
  readonly problems: readonly TaskProblem[];
}

/** From so many projects on, one list of an engine's images is cheaper than asking for each project's. */
const listedFrom = 5;

/**
 * Which containers were made from an older image than their project's, and why. Each project is judged once an engine, however
 * many tasks it has. A project whose files are broken is told by those who need it.
 */
export async function containerProblems(app: App, found: readonly ContainerImage[]): Promise<readonly ContainerProblems[]> {
  const groups = new Map<string, ContainerImage[]>();
  for (const one of found) {
    const key = `${one.task.engine?.endpoint} ${one.task.project}`;
    const members = groups.get(key);
    if (members) members.push(one);
    else groups.set(key, [one]);
  }
  const lists = new Map<string, Promise<readonly LayerImage[]>>();
  const listOf = (engine: Engine) => {
    const images = lists.get(engine.endpoint) ?? listImages(app, engine);
    lists.set(engine.endpoint, images);
    return images;
  };
  const judged = await Promise.all(
    [...groups.values()].map(async (members): Promise<readonly ContainerProblems[]> => {
      const [first] = members;
      if (first?.task.engine === undefined) return [];
      const engine = app.engineAt(first.task.engine);
      const problemsOf = await judge(app, first.task.project, engine, { list: () => listOf(engine), listed: groups.size >= listedFrom });
      return Promise.all(members.map(async (member) => ({ task: member.task, problems: await problemsOf(member) })));
    }),
  );
  return judged.flat();
}

export type Judge = (container: ContainerImage) => Promise<readonly TaskProblem[]>;

export interface JudgeOptions {
  readonly list: () => Promise<readonly LayerImage[]>;
  /** Whether to look at the list at once. Else only where the images that the project uses now do not tell all. */
  readonly listed: boolean;
}

/** What a project on an engine asks for now, to hold its containers' images against. */
export async function judge(
  app: App,
  project: string,
  engine: Engine,
  options: JudgeOptions = { list: () => listImages(app, engine), listed: false },
): Promise<Judge> {
  const { list, listed } = options;
  try {
    const resolved = await resolveProject(app.paths, project);
    const observe = () => observeProjectImages(app, resolved, { engine, images: list() });
    const wanted = await (listed ? observe() : observeProjectImages(app, resolved, { engine }));
    let whole: Promise<ProjectImages> | undefined;
    return async ({ task, imageId }) => {
      if (wanted.images.some(({ id }) => sameId(id, imageId))) return staleProblem(task, containerStaleness(wanted, imageId));
      whole ??= observe();
      return staleProblem(task, containerStaleness(await whole, imageId));
    };
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    return async () => [unjudged(error)];
  }
}

async function listImages(app: App, engine: Engine): Promise<readonly LayerImage[]> {
  return listLayerImages(engine, await app.installId(), app.signal);
}

function staleProblem({ project, id }: TaskMetadata, { state, reasons, built }: ContainerStaleness): readonly TaskProblem[] {
  if (state === 'fresh') return [];
  const recreate = `slipway task restart ${project} ${id} --recreate`;
  return [{ kind: 'stale', message: `its image is out of date: ${reasons.join('; ')}`, fix: built ? recreate : `slipway build ${project} && ${recreate}` }];
}

/** A broken project.yml or agent file: the task itself is fine. */
function unjudged({ message }: SlipwayError): TaskProblem {
  return { kind: 'stale', message: `nobody can tell whether its image is up to date: ${message}` };
}
