import { alternate } from '../measure/alternate.mjs';
import { runQuietly } from '../measure/program.mjs';
import { atMost, CALLS } from '../target.mjs';

/**
 * @typedef {import('../run.mjs').Bench} Bench
 * @typedef {import('../install.mjs').Install} Install
 */

/**
 * `build` with nothing to do, against the engine's own builder with everything in its cache, on the Dockerfiles that
 * `slipway generate` writes.
 * @param {Bench} bench
 * @param {Install} install
 */
export async function build({ runs, empty }, install) {
  const { client, name } = install.engine;
  const questions = await install.imageQuestions();
  const calls = () => Promise.all(questions.map((path) => client.call('GET', path)));
  const cached = await cachedBuild(install);
  try {
    const sides = [empty, install.side('slipway', 'build', install.project), { name: cached.name, run: cached.run }, { name: CALLS, run: calls }];
    const times = await alternate(`build with nothing to do, ${name}`, sides, runs);
    return [{ name: '`build` with nothing to do', engine: name, times, target: atMost(times, '60 ms', 60) }];
  } finally {
    await cached.remove();
  }
}

/** @param {Install} install */
async function cachedBuild(install) {
  const { engine, project, images, env } = install;
  await install.run('generate', project);
  const tag = (/** @type {string} */ layer) => `slipway-bench:${project}-${layer}`;
  const builds = images.map((layer, index) => {
    const below = images[index - 1];
    const parent = below === undefined ? engine.image : tag(below);
    return [
      ...engine.program,
      'build',
      '--network',
      'none',
      '--build-arg',
      `SLIPWAY_PARENT=${parent}`,
      '-t',
      tag(layer),
      install.path('state/build', project, layer),
    ];
  });
  return {
    name: `${engine.program[0]} build (three)`,
    run: async () => {
      for (const argv of builds) await runQuietly(argv, env);
    },
    remove: async () => {
      for (const layer of [...images].reverse()) await engine.client.call('DELETE', `/images/${tag(layer)}?force=true`);
    },
  };
}
