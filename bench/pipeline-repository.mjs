import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../scripts/lab/run.mjs';

/**
 * @typedef {object} BenchJob
 * @property {string} name
 * @property {readonly string[]} needs
 * @property {readonly string[]} steps
 */

/**
 * A repository whose one commit has the files.
 * @param {string} folder
 * @param {Readonly<Record<string, string>>} files
 */
export async function makeRepository(folder, files) {
  mkdirSync(join(folder, '.slipway'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const git = ['git', '-C', folder, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
  await run([...git, 'init', '-q', '-b', 'main']);
  // What asks for its remote does not have to complain.
  await run([...git, 'remote', 'add', 'origin', 'https://example.org/ada/shop.git']);
  await run([...git, 'add', '-A']);
  await run([...git, 'commit', '-q', '-m', 'First']);
  await run([...git, 'update-ref', 'refs/remotes/origin/main', 'HEAD']);
  await run([...git, 'symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main']);
}

/** So many jobs that share the steps out evenly, none of which needs another. @param {number} jobs @param {number} steps @returns {readonly BenchJob[]} */
export function trivialJobs(jobs, steps) {
  return Array.from({ length: jobs }, (_, index) => ({ name: `job-${index + 1}`, needs: [], steps: Array.from({ length: steps / jobs }, () => 'true') }));
}

/** @param {readonly BenchJob[]} jobs @param {string} [image] default: none, on the host */
export function slipwayPipeline(jobs, image) {
  const lines = jobs.flatMap(({ name, needs, steps }) => [
    `  ${name}:`,
    ...(needs.length === 0 ? [] : [`    needs: [${needs.join(', ')}]`]),
    '    steps:',
    ...steps.map((step) => `      - ${JSON.stringify(step)}`),
  ]);
  return `${[image === undefined ? 'executor: host' : `image: ${image}`, 'jobs:', ...lines].join('\n')}\n`;
}

/** The same for GitLab. @param {readonly BenchJob[]} jobs @param {string} image */
export function gitlabPipeline(jobs, image) {
  return `${jobs.flatMap(({ name, steps }) => [`${name}:`, `  image: ${image}`, '  script:', ...steps.map((step) => `    - ${JSON.stringify(step)}`)]).join('\n')}\n`;
}
