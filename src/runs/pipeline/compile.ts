import { safeParse } from 'valibot';
import { explainIssues, explainLists } from '../../state/yaml-explain.ts';
import { listsForMaps } from '../../state/yaml-shape.ts';
import type { PipelinePlan } from '../model.ts';
import { checkJobs } from './check-jobs.ts';
import { checkNeeds } from './check-needs.ts';
import { type Definition, isMap, type Mistake, type Path, type Surroundings } from './definition.ts';
import { frozen } from './frozen.ts';
import { PipelineInvalid } from './invalid.ts';
import { lower } from './lower.ts';
import { type PipelineFile, pipelineSchema } from './schema.ts';

/** Judges a pipeline and makes its plan. Throws PipelineInvalid with every mistake there is. */
export function compile(definition: Definition, surroundings: Surroundings): PipelinePlan {
  const { mistakes, file } = checkShape(definition);
  const all = [...definition.mistakes, ...mistakes, ...checkNeeds(definition), ...checkJobs(definition, surroundings)];
  if (all.length > 0 || file === undefined) throw new PipelineInvalid(definition.source, all);
  return frozen(lower(definition, file, surroundings));
}

/** Only where a document is at hand does a schema's issue tell its own place; a definition tells the place of any path. */
const noDocument = { getIn: () => undefined, contents: undefined };

function checkShape(definition: Definition): { readonly mistakes: readonly Mistake[]; readonly file?: PipelineFile } {
  const value = withSteps(definition);
  const lists = explainLists(listsForMaps(pipelineSchema, value), noDocument);
  const result = safeParse(pipelineSchema, value ?? {});
  const issues = result.success ? [] : explainIssues(result.issues, pipelineSchema, noDocument);
  // What a list holds is not what the map would.
  const apart = issues.filter(({ path }) => !lists.some((list) => list.path.length < path.length && list.path.every((name, index) => name === path[index])));
  const mistakes = [...lists, ...apart].map(({ path, isKey, message }) => {
    const place = definition.locate(path as Path, isKey ? 'key' : 'value');
    return { ...(place === undefined ? {} : { place }), message };
  });
  return result.success ? { mistakes, file: result.output } : { mistakes };
}

/** A job whose work is a function has no steps, which every job of ci.yml must have. */
function withSteps({ value, functions }: Definition): unknown {
  if (functions.size === 0 || !isMap(value) || !isMap(value['jobs'])) return value;
  const jobs = Object.entries(value['jobs']).map(([name, job]) => [name, functions.has(name) && isMap(job) ? { ...job, steps: ['true'] } : job] as const);
  return { ...value, jobs: Object.fromEntries(jobs) };
}
