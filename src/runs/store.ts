import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { isMissing, readFileIfAny, stateError, writeFileAtomic } from '../state/atomic.ts';
import { isIdentifier, isRunId } from '../state/identifiers.ts';
import { type Paths, repositoryRunsDir, runDir, runsDir } from '../state/paths.ts';
import { formatYaml, parseYaml, readYaml } from '../state/yaml.ts';
import type { ContainerRecord, Outcome, PipelinePlan, RunRecord, RunRef } from './model.ts';
import { fromFileKeys, toFileKeys } from './record-keys.ts';

const format = 1;

const runFile = (paths: Paths, { repository, run }: RunRef) => join(runDir(paths, repository, run), 'run.yml');
const planFile = (paths: Paths, { repository, run }: RunRef) => join(runDir(paths, repository, run), 'plan.json');
const outcomeFile = (paths: Paths, { repository, run }: RunRef) => join(runDir(paths, repository, run), 'outcome.json');
const containerFile = (paths: Paths, { repository, run }: RunRef) => join(runDir(paths, repository, run), 'container.yml');

/** Throws E_NO_RUN, E_BAD_FILE, E_NEWER_FORMAT. */
export async function readRun(paths: Paths, ref: RunRef): Promise<RunRecord> {
  const record = await readRunIfAny(paths, ref);
  if (record === undefined) throw noRun(ref.run);
  return record;
}

export async function readRunIfAny(paths: Paths, ref: RunRef): Promise<RunRecord | undefined> {
  const file = runFile(paths, ref);
  const text = await readFileIfAny(file);
  if (text === undefined) return undefined;
  const { format: version, ...content } = await parseYaml(file, text, (await import('./schema.ts')).runFileSchema);
  if (version > format) {
    throw new SlipwayError('E_NEWER_FORMAT', `${file} was written by a newer Slipway (format ${version}).`, { hint: 'Update Slipway to use this run.' });
  }
  return fromFileKeys(content) as RunRecord;
}

export async function writeRun(paths: Paths, record: RunRecord, folder = runDir(paths, record.repository, record.id)): Promise<void> {
  await writeFileAtomic(join(folder, 'run.yml'), await formatYaml({ format, ...(toFileKeys(record) as object) }));
}

export function noRun(run: string): SlipwayError {
  return new SlipwayError('E_NO_RUN', `There is no run ${run}.`, { hint: '`slipway ci list` shows the runs.' });
}

/** `undefined`: the run has not ended. */
export async function readOutcome(paths: Paths, ref: RunRef): Promise<Outcome | undefined> {
  const value = await readJson(outcomeFile(paths, ref));
  if (value === undefined) return undefined;
  const { format: _, ...outcome } = value as Outcome & { readonly format: number };
  return outcome;
}

export async function writeOutcome(paths: Paths, ref: RunRef, outcome: Outcome): Promise<void> {
  await writeFileAtomic(outcomeFile(paths, ref), `${JSON.stringify({ format, ...outcome }, undefined, 2)}\n`);
}

export async function readPlan(paths: Paths, ref: RunRef): Promise<PipelinePlan | undefined> {
  return (await readJson(planFile(paths, ref))) as PipelinePlan | undefined;
}

export async function writePlan(paths: Paths, ref: RunRef, plan: PipelinePlan): Promise<void> {
  await writeFileAtomic(planFile(paths, ref), `${JSON.stringify(plan, undefined, 2)}\n`);
}

/** Without a container it is empty. */
export async function readContainerRecord(paths: Paths, ref: RunRef): Promise<ContainerRecord> {
  const content = await readYaml(containerFile(paths, ref), (await import('./schema.ts')).containerFileSchema);
  return fromFileKeys(content ?? {}) as ContainerRecord;
}

/** Adds what has become known. */
export async function writeContainerRecord(paths: Paths, ref: RunRef, known: ContainerRecord): Promise<void> {
  const before = await readContainerRecord(paths, ref);
  await writeFileAtomic(containerFile(paths, ref), await formatYaml(toFileKeys({ ...before, ...known })));
}

/** Every run that has a folder, newest first. */
export async function listRuns(paths: Paths, repository?: string): Promise<readonly RunRef[]> {
  const repositories = repository === undefined ? (await namesIn(runsDir(paths))).filter(isIdentifier) : [repository];
  const runs = await Promise.all(
    repositories.map(async (name) => (await namesIn(repositoryRunsDir(paths, name))).filter(isRunId).map((run) => ({ repository: name, run }))),
  );
  return runs.flat().sort((a, b) => (a.run < b.run ? 1 : -1));
}

/** An id begins with its moment: that in ISO 8601. */
export function momentOf({ run }: Pick<RunRef, 'run'>): string {
  return run.replace(/^(\d{4})(\d{2})(\d{2})t(\d{2})(\d{2})(\d{2}).*$/, '$1-$2-$3T$4:$5:$6.000Z');
}

/** `latest`, an id, or the beginning of one. Those of `repository`, where it is given, go first. */
export async function findRun(paths: Paths, text: string, repository?: string): Promise<RunRef> {
  const all = await listRuns(paths);
  const near = all.filter((ref) => ref.repository === repository);
  if (text === 'latest') {
    const latest = (repository === undefined ? all : near)[0];
    if (latest) return latest;
    throw new SlipwayError('E_NO_RUN', 'There are no runs yet.', { hint: '`slipway ci run` makes one.' });
  }
  if (!/^[0-9a-f][0-9a-ft-]*$/.test(text)) throw noRun(JSON.stringify(text));
  // The random part alone is what people copy from a list, too.
  const matching = (refs: readonly RunRef[]) => refs.filter(({ run }) => run.startsWith(text) || run.split('-')[1]?.startsWith(text));
  const found = matching(near).length > 0 ? matching(near) : matching(all);
  if (found.length > 1) {
    const named = found.slice(0, 5).map(({ run }) => run);
    throw new SlipwayError('E_AMBIGUOUS_RUN', `${text} is the beginning of ${found.length} runs: ${named.join(', ')}${found.length > 5 ? ' …' : '.'}`, {
      hint: 'Type more of the id.',
    });
  }
  if (found[0] === undefined) throw noRun(text);
  return found[0];
}

export async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw stateError('read', directory, cause);
  }
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFileIfAny(file);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SlipwayError('E_BAD_FILE', `${file} is not JSON.`, { cause, hint: 'Restore it from a backup, or remove the run with `slipway ci prune`.' });
  }
}
