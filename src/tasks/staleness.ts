import type { Engine } from '../engine/model.ts';
import { listLayerImages } from '../images/layer-image.ts';
import { observeProjectImages } from '../images/observe.ts';
import { type ContainerStaleness, containerStaleness } from '../images/staleness.ts';
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

/**
 * Which containers were made from an older image than their project's, and why. Images are listed once an engine, and each
 * project is judged once an engine, however many tasks it has. A project whose files are broken is told by those who need it.
 */
export async function containerProblems(app: App, found: readonly ContainerImage[]): Promise<readonly ContainerProblems[]> {
  if (found.length === 0) return [];
  const groups = new Map<string, ContainerImage[]>();
  for (const one of found) {
    const key = `${one.task.engine?.endpoint} ${one.task.project}`;
    const members = groups.get(key);
    if (members) members.push(one);
    else groups.set(key, [one]);
  }
  const lists = new Map<string, ReturnType<typeof listLayerImages>>();
  const judged = await Promise.all(
    [...groups.values()].map(async (members): Promise<readonly ContainerProblems[]> => {
      const [first] = members;
      if (first?.task.engine === undefined) return [];
      const engine = app.engineAt(first.task.engine);
      const images = lists.get(engine.endpoint) ?? listLayerImages(engine, await app.installId(), app.signal);
      lists.set(engine.endpoint, images);
      const problemsOf = await judge(app, first.task.project, engine, images);
      return members.map((member) => ({ task: member.task, problems: problemsOf(member) }));
    }),
  );
  return judged.flat();
}

export type Judge = (container: ContainerImage) => readonly TaskProblem[];

/** What a project on an engine asks for now, to hold its containers' images against. */
export async function judge(app: App, project: string, engine: Engine, images?: ReturnType<typeof listLayerImages>): Promise<Judge> {
  // Where the project's files are broken nobody waits for it any more.
  images?.catch(() => {});
  try {
    const wanted = await observeProjectImages(app, await resolveProject(app.paths, project), { engine, ...(images ? { images } : {}) });
    return ({ task, imageId }) => staleProblem(task, containerStaleness(wanted, imageId));
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    return () => [unjudged(error)];
  }
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
