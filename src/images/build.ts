import { change } from '../operations/change.ts';
import type { App, Changed } from '../operations/model.ts';
import { resolveProject } from '../projects/resolve.ts';
import { baseOf } from './inputs.ts';
import type { ProjectImages } from './model.ts';
import { baseTag } from './names.ts';
import type { BuildWanted } from './plan.ts';
import { buildImages } from './verbs.ts';

export interface BuildOptions {
  /** Agents at their newest. Default false. */
  readonly agents?: boolean;
  /** Everything anew, the base pulled again. Default false. */
  readonly fullRebuild?: boolean;
  /** L2-dev too. Default false. */
  readonly dev?: boolean;
  /** `dev`: L2-dev alone and what lies below it. Default `all`. */
  readonly top?: BuildWanted['top'];
}

/** Builds what is missing or stale of a project's layers; does nothing where all match. */
export async function buildProject(app: App, project: string, options: BuildOptions = {}): Promise<Changed<ProjectImages>> {
  const { base } = baseOf(await resolveProject(app.paths, project));
  return change(app, buildImages, {
    project,
    base: baseTag(base),
    dev: options.dev ?? false,
    top: options.top ?? 'all',
    agents: options.agents ?? false,
    fullRebuild: options.fullRebuild ?? false,
    stamp: app.clock.now().toISOString().slice(0, 19).replace(/[-:]/g, '').toLowerCase(),
  });
}
