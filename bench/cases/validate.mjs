import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { alternate } from '../measure/alternate.mjs';
import { program } from '../measure/program.mjs';
import { makeRepository, slipwayPipeline } from '../pipeline-repository.mjs';
import { within } from '../target.mjs';

/** @typedef {import('../run.mjs').Bench} Bench */

const JOBS = 100;

/** `ci validate` of 100 jobs, a whole process: a pipeline that it reads for the first time, and one that it has read before. @param {Bench} bench */
export async function validate({ runs, empty, slipway, folder }) {
  const install = join(folder, 'validate');
  const repository = join(install, 'repository');
  mkdirSync(join(install, 'home'), { recursive: true });
  const jobs = Array.from({ length: JOBS }, (_, index) => ({
    name: `job-${index + 1}`,
    needs: [index - 1, index - 10].filter((other) => other >= 0).map((other) => `job-${other + 1}`),
    steps: ['npm ci', 'npm run check', 'npm test'],
  }));
  await makeRepository(repository, { '.slipway/ci.yml': slipwayPipeline(jobs) });
  const paths = { SLIPWAY_CONFIG_DIR: join(install, 'config'), SLIPWAY_STATE_DIR: join(install, 'state'), SLIPWAY_CACHE_DIR: join(install, 'cache') };
  const env = { ...process.env, ...paths, HOME: join(install, 'home') };
  const side = program('slipway', [process.execPath, slipway, 'ci', 'validate'], env, undefined, repository);
  const forget = async () => rmSync(join(install, 'cache/parsed'), { recursive: true, force: true });
  const first = await alternate(`validate of ${JOBS} jobs, first read`, [empty, { ...side, before: forget }], runs);
  const again = await alternate(`validate of ${JOBS} jobs, read before`, [empty, side], runs);
  return [
    { name: `\`ci validate\` of ${JOBS} jobs, read for the first time`, engine: '', times: first, target: within(first, 300) },
    { name: `\`ci validate\` of ${JOBS} jobs, read before`, engine: '', times: again, target: within(again, 300) },
  ];
}
