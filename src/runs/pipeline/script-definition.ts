import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import { type Definition, isMap, type Mistake, type Path, type Place } from './definition.ts';
import { describeScript } from './describe-script.ts';
import { scriptSource } from './files.ts';
import { PipelineInvalid } from './invalid.ts';
import { placeIn } from './place-tree.ts';
import type { DescribedScript, ScriptMistake, ScriptPlace } from './protocol.ts';
import { writeSnapshot } from './snapshot.ts';
import { readTree, type TreeFile, treeHash } from './tree.ts';
import { readTrust } from './trust.ts';

export interface ScriptRequest {
  readonly directory: string;
  readonly home: string;
  readonly revision?: string;
}

/** Runs a trusted ci.ts and gives what it made. Throws E_PIPELINE_UNTRUSTED before anything of it is run, and PipelineInvalid. */
export async function readScriptDefinition(app: App, { directory, home, revision }: ScriptRequest): Promise<Definition> {
  const files = await readTree(directory);
  const hash = treeHash(files);
  if (!(await readTrust(app.paths, home)).some(({ sha256 }) => sha256 === hash)) throw untrusted(hash, revision);
  if (!files.some(({ path, mode }) => path.toString() === 'ci.ts' && mode !== '120000')) {
    throw new PipelineInvalid(scriptSource, [{ message: 'is a link: expected the file itself' }]);
  }
  const description = await describeScript(app, await writeSnapshot(app.paths, hash, files));
  const locate = placer(files);
  if ('mistakes' in description)
    throw new PipelineInvalid(
      scriptSource,
      description.mistakes.map((mistake) => located(mistake, locate)),
    );
  return definitionOf(description.script, hash, locate);
}

function untrusted(hash: string, revision: string | undefined): SlipwayError {
  return new SlipwayError('E_PIPELINE_UNTRUSTED', `${scriptSource} is code that runs on this machine, and what .slipway/ holds here is not trusted yet.`, {
    hint: revision === undefined ? '`slipway ci trust` shows it and trusts it.' : `\`slipway ci trust ${revision}\` shows it and trusts it.`,
    detail: `sha256 ${hash}`,
  });
}

type Locate = (place: ScriptPlace) => Place;

function placer(files: readonly TreeFile[]): Locate {
  return ({ file, line, column }) => {
    const text = files
      .find(({ path }) => path.toString() === file)
      ?.bytes.toString('utf8')
      .split('\n')[line - 1];
    return { file: `.slipway/${file}`, line, column, text: text ?? '' };
  };
}

function located({ place, message }: ScriptMistake, locate: Locate): Mistake {
  return { ...(place && { place: locate(place) }), message };
}

function definitionOf(script: DescribedScript, hash: string, locate: Locate): Definition {
  const jobs = new Map<string, DescribedScript['jobs'][number]>();
  const mistakes = script.mistakes.map((mistake) => located(mistake, locate));
  for (const job of script.jobs) {
    if (jobs.has(job.name)) mistakes.push(located({ ...(job.at && { place: job.at }), message: `duplicate job \`${job.name}\`` }, locate));
    else jobs.set(job.name, job);
  }
  const settings = isMap(script.settings) ? script.settings : {};
  const place = (path: Path, part: 'key' | 'value'): ScriptPlace | undefined => {
    const [head, name, ...rest] = path;
    const job = head === 'jobs' ? jobs.get(String(name)) : undefined;
    if (job === undefined) return script.places && placeIn(script.places, path, part);
    if (rest.length === 0 || job.places === undefined) return job.at;
    return placeIn(job.places, rest, part);
  };
  return {
    source: scriptSource,
    value: { ...settings, jobs: Object.fromEntries([...jobs].map(([name, job]) => [name, withoutSteps(job)])) },
    jobs: [...jobs.keys()],
    functions: new Set([...jobs.values()].filter(({ isFunction }) => isFunction).map(({ name }) => name)),
    hash,
    mistakes,
    locate: (path, part) => {
      const at = place(path, part);
      return at && locate(at);
    },
  };
}

/** Steps beside a function are told as what they are; a function's job has none. */
function withoutSteps({ settings, isFunction }: DescribedScript['jobs'][number]): unknown {
  if (!isFunction || !isMap(settings)) return settings;
  const { steps: _, ...rest } = settings;
  return rest;
}
