import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { alternate } from '../measure/alternate.mjs';
import { runQuietly } from '../measure/program.mjs';
import { summarize } from '../measure/statistics.mjs';
import { makeRepository, slipwayPipeline, trivialJobs } from '../pipeline-repository.mjs';
import { timesAsLong } from '../target.mjs';

/**
 * @typedef {import('../run.mjs').Bench} Bench
 * @typedef {import('../install.mjs').Install} Install
 */

const STEPS = 50;
const JOBS = 5;

/**
 * 50 trivial steps, as one job and as five, against 50 times the engine's own `exec`, like with like: `ci run` from the command's start
 * to its exit against a container made, 50 times `exec`, and the container removed; and the steps of the one job alone, from the start
 * of the first to the end of the last as the record tells, against the 50 times `exec` in a container that runs already.
 * @param {Bench} bench
 * @param {Install} install
 */
export async function steps({ runs }, install) {
  const { engine } = install;
  const [program] = engine.program;
  const [repository, ofJobs] = [install.path('steps'), install.path('jobs')];
  await makeRepository(repository, { '.slipway/ci.yml': slipwayPipeline(trivialJobs(1, STEPS), engine.image) });
  await makeRepository(ofJobs, { '.slipway/ci.yml': slipwayPipeline(trivialJobs(JOBS, STEPS), engine.image) });
  const containers = new Containers(install);
  const execs = `${STEPS} × ${program} exec`;
  const whole = `${program} run, ${execs}, rm`;
  const asJobs = `slipway, ${JOBS} jobs`;
  /** @type {number[]} */
  const alone = [];
  try {
    const standing = await containers.make();
    const sides = [
      { ...install.sideIn(repository, 'slipway', 'ci', 'run'), after: async () => void alone.push(lengthOfSteps(install.path('state/runs/steps'))) },
      install.sideIn(ofJobs, asJobs, 'ci', 'run'),
      { name: execs, run: () => containers.execAll(standing) },
      {
        name: whole,
        run: async () => {
          const fresh = await containers.make();
          await containers.execAll(fresh);
          await containers.remove(fresh);
        },
      },
    ];
    const times = await alternate(`run of ${STEPS} steps, ${engine.name}`, sides, runs);
    const { slipway, [asJobs]: inJobs, ...others } = /** @type {Readonly<Record<string, import('../measure/statistics.mjs').Summary>>} */ (times);
    const [ofOne, ofFive] = [
      { slipway, ...others },
      { slipway: inJobs, ...others },
    ];
    const ofSteps = { slipway: summarize(alone.slice(1)), [execs]: /** @type {import('../measure/statistics.mjs').Summary} */ (times[execs]) };
    return [
      { name: `\`ci run\` of ${STEPS} trivial steps, the whole command`, engine: engine.name, times: ofOne, target: timesAsLong(ofOne, whole, 0.3) },
      { name: `the same as ${JOBS} jobs of ${STEPS / JOBS}`, engine: engine.name, times: ofFive, target: timesAsLong(ofFive, whole, 0.3) },
      { name: `its ${STEPS} steps alone`, engine: engine.name, times: ofSteps, target: timesAsLong(ofSteps, execs, 0.3) },
    ];
  } finally {
    await containers.removeAll();
  }
}

/** Containers as a script would have them, by the engine's own program. */
class Containers {
  #names = new Set();

  /** @param {Install} install */
  constructor(install) {
    this.install = install;
  }

  async make() {
    const name = `slipway-bench-${randomBytes(4).toString('hex')}`;
    this.#names.add(name);
    await this.#call('run', '-d', '--init', '--name', name, this.install.engine.image, 'sleep', '3600');
    return name;
  }

  /** @param {string} name */
  async execAll(name) {
    for (let step = 0; step < STEPS; step++) await this.#call('exec', name, 'true');
  }

  /** @param {string} name */
  async remove(name) {
    await this.#call('rm', '-f', name);
    this.#names.delete(name);
  }

  async removeAll() {
    for (const name of this.#names) await this.remove(name);
  }

  /** @param {readonly string[]} args */
  #call(...args) {
    const { engine, env } = this.install;
    return runQuietly([...engine.program, ...args], env);
  }
}

/** Of the newest run. @param {string} folder */
function lengthOfSteps(folder) {
  const newest = readdirSync(folder)
    .filter((name) => /^\d/.test(name))
    .sort()
    .at(-1);
  const lines = readFileSync(`${folder}/${newest}/events.jsonl`, 'utf8').trimEnd().split('\n');
  const ends = lines.map((line) => JSON.parse(line)).flatMap(({ event, end }) => (event === 'step-end' ? [end] : []));
  if (ends.length !== STEPS) throw new Error(`run ${newest} tells of ${ends.length} steps`);
  return Date.parse(ends.at(-1).endedAt) - Date.parse(ends[0].startedAt);
}
