import { buildProject } from '../../images/build.ts';
import type { ProjectImages } from '../../images/model.ts';
import type { Changed, Step } from '../../operations/model.ts';
import { type Call, printPlan, printResult } from '../call.ts';

export interface BuildFlags {
  readonly agents?: true | undefined;
  readonly fullRebuild?: true | undefined;
  readonly dev?: true | undefined;
}

export async function build(call: Call, project: string, flags: BuildFlags): Promise<void> {
  const started = Date.now();
  const changed = await buildProject(call.app, project, {
    agents: flags.agents ?? false,
    fullRebuild: flags.fullRebuild ?? false,
    dev: flags.dev ?? false,
  });
  if (await printPlan(call, changed)) return;
  const built = changed.plan.steps.filter((step) => step.do === 'image.build');
  const names = built.map((step) => String(step.alias));
  printResult(
    call,
    { id: project, built: names, up_to_date: changed.plan.steps.length === 0 },
    summary(project, changed, names, changed.plan.steps, Date.now() - started),
  );
}

function summary(project: string, { before }: Changed<ProjectImages>, built: readonly string[], steps: readonly Step[], ms: number): string {
  const all = before.layers.map(({ alias }) => alias).join(', ');
  if (steps.length === 0) return `Nothing to do: ${all} are up to date.`;
  if (built.length === 0) return `Nothing to build for ${project}: only names were put right.`;
  return `Built ${built.join(', ')} in ${Math.round(ms / 1000)} s.`;
}
