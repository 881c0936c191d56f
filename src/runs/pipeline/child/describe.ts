import { join, sep } from 'node:path';
import type { Json } from '../../../operations/model.ts';
import type { CallSite, MadePipeline } from '../builder.ts';
import { placeIn } from '../place-tree.ts';
import type { DescribedJob, DescribedScript, PlaceTree, Said, ScriptMistake, ScriptPlace } from '../protocol.ts';
import { broken, evaluate, isObject, madeJob } from './evaluate.ts';
import { readModules } from './modules.ts';
import { plain } from './plain.ts';
import type { BuilderCall } from './scan.ts';

type CallAt = (site: CallSite | undefined, name?: string) => { readonly at?: ScriptPlace; readonly places?: PlaceTree };

/** Reads ci.ts and gives what it makes, as data. It is run only where everything it imports may be. */
export async function describe(folder: string, library: unknown): Promise<Said> {
  try {
    const { calls, mistakes } = readModules(folder, library);
    if (mistakes.length > 0) return { say: 'broken', mistakes };
    const { pipeline, made } = await evaluate(folder, library);
    if (pipeline === undefined) return { say: 'broken', mistakes: [{ message: 'expected `export default pipeline({ … })`' }] };
    return { say: 'described', script: describeScript(pipeline, made, callFinder(calls, folder)) };
  } catch (error) {
    return { say: 'broken', mistakes: [broken(error, folder)] };
  }
}

function describeScript(pipeline: MadePipeline, made: readonly object[], callAt: CallAt): DescribedScript {
  const { places } = callAt(pipeline.at);
  const settings = isObject(pipeline.settings) ? pipeline.settings : {};
  const listed: unknown = Reflect.get(settings, 'jobs');
  const items: readonly unknown[] = Array.isArray(listed) ? listed : [];
  const mistakes: ScriptMistake[] = [];
  const tell = (message: string, place?: ScriptPlace) => void mistakes.push({ ...(place && { place }), message });
  const at = (path: readonly (string | number)[], part: 'key' | 'value' = 'value') => places && placeIn(places, path, part);

  if (listed !== undefined && !Array.isArray(listed)) tell('`jobs`: expected a list of what `job(…)` gives', at(['jobs']));
  const jobs: DescribedJob[] = [];
  for (const [index, item] of items.entries()) {
    const found = madeJob(item);
    if (found === undefined) tell(`\`jobs.${index}\`: expected what \`job(…)\` gives`, at(['jobs', index]));
    else jobs.push(describeJob(found, callAt, tell));
  }
  for (const item of made) {
    const found = madeJob(item);
    if (found && !items.includes(item)) tell(`\`${found.name}\` is unreachable: it is not among the pipeline's \`jobs\``, callAt(found.made.at, found.name).at);
  }
  const { jobs: _, ...rest } = settings as { readonly jobs?: unknown };
  const data = plain(rest, jobName, ({ path, message }) => tell(`\`${path.join('.')}\` ${message}`, at(path)));
  return { settings: data, jobs, ...(places && { places }), mistakes };
}

function describeJob(
  { name, made }: NonNullable<ReturnType<typeof madeJob>>,
  callAt: CallAt,
  tell: (message: string, place?: ScriptPlace) => void,
): DescribedJob {
  const { at, places } = callAt(made.at, name);
  const settings = plain(made.settings, jobName, ({ path, message }) =>
    tell(`\`${['jobs', name, ...path].join('.')}\` ${message}`, places === undefined ? at : placeIn(places, path, 'value')),
  );
  if (made.run !== undefined && isObject(settings) && 'steps' in settings) {
    tell(`\`jobs.${name}\` has both steps and a function: expected one or the other`, places === undefined ? at : placeIn(places, ['steps'], 'key'));
  }
  if (made.run !== undefined && typeof made.run !== 'function') tell(`\`jobs.${name}\`: expected a function after its settings`, at);
  return { name, settings, isFunction: made.run !== undefined, ...(at && { at }), ...(places && { places }) };
}

/** `needs: [lint]` names the job that the variable holds. */
function jobName(value: object): Json | undefined {
  return madeJob(value)?.name;
}

/** The written call that made something: by its line, which loading keeps, and by the name where a line has several. */
function callFinder(calls: readonly BuilderCall[], folder: string): CallAt {
  const root = join(folder, '.slipway') + sep;
  return (site, name) => {
    if (site === undefined || !site.file.startsWith(root)) return {};
    const file = site.file.slice(root.length);
    const sameLine = calls.filter(({ at }) => at.file === file && at.line === site.line);
    const call = sameLine.find((candidate) => name !== undefined && candidate.name === name) ?? sameLine[0];
    if (call === undefined) return { at: { file, line: site.line, column: 1 } };
    return { at: call.at, ...(call.settings && { places: call.settings }) };
  };
}
