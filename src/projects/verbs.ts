import type { Verb } from '../operations/model.ts';
import { checkIdentifier } from '../state/identifiers.ts';
import {
  type DeleteProjectObserved,
  type DeleteProjectWanted,
  type NewProjectObserved,
  type NewProjectWanted,
  observeNewProject,
  observeProject,
} from './observe.ts';
import { isGone, planDelete, planNew } from './plan.ts';

/** A lock is a file: the id is checked before it makes a path. */
const projectLock = (id: string) => `project/${checkIdentifier('project', id)}`;

/** Makes project.yml. Throws E_PROJECT_EXISTS, E_BAD_SETTING, E_REPOSITORY, E_NO_AGENT, E_BAD_ID before anything is written. */
export const newProject: Verb<NewProjectWanted, NewProjectObserved> = {
  name: 'project.new',
  locks: ({ id }) => [projectLock(id)],
  observe: observeNewProject,
  plan: (state, { id }) => planNew(state, id),
  reached: ({ existing, text }) => existing === text,
  describe: ({ id }) => `project new ${id}`,
};

/** Removes project.yml with its folder and what Slipway keeps of the project. Throws E_PROJECT_HAS_TASKS, E_NO_PROJECT. */
export const deleteProject: Verb<DeleteProjectWanted, DeleteProjectObserved> = {
  name: 'project.delete',
  // No task is made and no image built meanwhile.
  locks: ({ id }) => [projectLock(id), `project/${id}/task-ids`, `build/project-${id}`],
  observe: (app, { id }) => observeProject(app.paths, id),
  plan: (state, { id }) => planDelete(state, id),
  reached: isGone,
  describe: ({ id }) => `project delete ${id}`,
};

export const verbs: readonly Verb[] = [newProject, deleteProject] as readonly unknown[] as readonly Verb[];
