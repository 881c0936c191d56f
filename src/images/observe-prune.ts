import { readAgents } from '../agents/store.ts';
import { label, ownFilter } from '../containers/labels.ts';
import { openOperations } from '../operations/journal.ts';
import type { App } from '../operations/model.ts';
import { listProjects, resolveProject } from '../projects/store.ts';
import { journalDir } from '../state/paths.ts';
import { layerImages } from './layer-image.ts';
import type { ProjectImages } from './model.ts';
import { observeProjectImages } from './observe.ts';
import type { PruneFacts } from './prune.ts';

/** What every project and every container needs. */
export async function observePrune(app: App): Promise<PruneFacts> {
  const engine = await app.engine();
  const install = await app.installId();
  const [labelled, containers, entries, agents, open] = await Promise.all([
    engine.images.list({ labels: ownFilter(install, 'layer'), signal: app.signal }),
    engine.containers.list({ signal: app.signal }),
    listProjects(app.paths),
    readAgents(app.paths),
    openOperations(journalDir(app.paths)),
  ]);
  const layers = layerImages(labelled, install);
  const observed = await Promise.all(
    entries.map(async ({ id }): Promise<ProjectImages | string> => {
      const project = await resolveProject(app.paths, id).catch(() => undefined);
      return project === undefined ? id : observeProjectImages(app, project, agents, { engine, images: layers });
    }),
  );
  return {
    layers,
    bases: labelled
      .filter(({ labels }) => labels[label.layer] === 'base')
      .map(({ id, tags, sizeBytes, labels }) => ({ id, tags, sizeBytes, operation: labels[label.op] ?? '' })),
    projects: observed.filter((project) => typeof project !== 'string'),
    unreadable: observed.filter((project) => typeof project === 'string'),
    inUse: containers.map(({ imageId }) => imageId),
    openOperations: open,
  };
}
