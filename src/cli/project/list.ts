import type { ExitCode } from '../../errors.ts';
import { SlipwayError } from '../../errors.ts';
import { defaults } from '../../projects/defaults.ts';
import type { Base, Config, ProjectEntry } from '../../projects/model.ts';
import { readConfig, readProjects } from '../../projects/store.ts';
import { type Call, formatTable, printResult } from '../call.ts';

/** Exit code 1 where a project could not be read: the list is then not whole. */
export async function list(call: Call): Promise<ExitCode | undefined> {
  const config = await readConfig(call.app.paths);
  const entries = await readProjects(call.app.paths);
  printResult(
    call,
    entries.map((entry) => asJson(entry, config)),
    entries.length === 0 ? '' : table(entries, config),
  );
  if (entries.length === 0 && !call.json) call.app.out.note('There are no projects. `slipway project new PROJECT --repo ADDRESS` makes one.');
  const broken = entries.filter(({ error }) => error !== undefined);
  for (const { id, error } of broken) call.app.out.warn(`project ${id}: ${error?.message}`);
  return broken.length > 0 ? 1 : undefined;
}

function table(entries: readonly ProjectEntry[], config: Config): string {
  const rows = entries.map(({ id, project }) =>
    project === undefined
      ? [id, 'cannot be read', '', '', '']
      : [
          id,
          project.repository ?? '-',
          project.branch ?? '-',
          baseText(project.base ?? config.base ?? defaults.base),
          (project.agents ?? config.agents ?? defaults.agents).join(', '),
        ],
  );
  return formatTable(['id', 'repository', 'branch', 'base', 'agents'], rows);
}

export function baseText(base: Base): string {
  return typeof base === 'string' ? base : `${base.bootstrap} ${base.suite} (bootstrap)`;
}

function asJson({ id, project, error }: ProjectEntry, config: Config) {
  return {
    id,
    repository: project?.repository ?? null,
    branch: project?.branch ?? null,
    base: project === undefined ? null : (project.base ?? config.base ?? defaults.base),
    agents: project === undefined ? null : (project.agents ?? config.agents ?? defaults.agents),
    error: error === undefined ? null : { code: error instanceof SlipwayError ? error.code : 'E_INTERNAL', message: error.message },
  };
}
