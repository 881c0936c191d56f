import { alternate } from '../measure/alternate.mjs';
import { atMost, CALLS } from '../target.mjs';

/**
 * @typedef {import('../run.mjs').Bench} Bench
 * @typedef {import('../install.mjs').Install} Install
 */

/** `task status`, `task restart` of a stopped task, and `task exec … true`. @param {Bench} bench @param {Install} install */
export async function oneTask(bench, install) {
  const { client } = install.engine;
  const { project } = install;
  await install.run('task', 'start', project);
  const container = install.container('1');
  try {
    return [await status(bench, install, container), await restart(bench, install, container), await exec(bench, install, container)];
  } finally {
    await client.call('POST', `/containers/${container}/stop?t=0`);
    await install.removeContainers();
  }
}

/** @param {Bench} bench @param {Install} install @param {string} container */
async function status({ runs, empty }, install, container) {
  const { client, name } = install.engine;
  const questions = [`/containers/${container}/json`, ...(await install.imageQuestions())];
  const calls = () => Promise.all(questions.map((path) => client.call('GET', path)));
  const times = await alternate(`status, ${name}`, [empty, install.side('slipway', 'task', 'status', install.project, '1'), { name: CALLS, run: calls }], runs);
  return { name: '`task status`', engine: name, times, target: atMost(times, '45 ms', 45) };
}

/** Each side starts the same stopped container. @param {Bench} bench @param {Install} install @param {string} container */
async function restart({ runs, empty }, install, container) {
  const { client, name } = install.engine;
  const before = () => client.call('POST', `/containers/${container}/stop?t=0`);
  const calls = async () => {
    await client.call('GET', `/containers/${container}/json`);
    await client.call('POST', `/containers/${container}/start`);
  };
  const sides = [
    empty,
    { ...install.side('slipway', 'task', 'restart', install.project, '1'), before },
    { ...install.other('start', container), before },
    { name: CALLS, run: calls, before },
  ];
  const times = await alternate(`restart, ${name}`, sides, runs);
  return { name: '`task restart` of a stopped task', engine: name, times, target: atMost(times, '45 ms', 45) };
}

/** @param {Bench} bench @param {Install} install @param {string} container */
async function exec({ runs, empty }, install, container) {
  const { client, name } = install.engine;
  const calls = async () => {
    await client.call('GET', `/containers/${container}/json`);
    await client.exec(container, ['true']);
  };
  const sides = [
    empty,
    install.side('slipway', 'task', 'exec', install.project, '1', 'true'),
    install.other('exec', '-i', container, 'true'),
    { name: CALLS, run: calls },
  ];
  const times = await alternate(`exec, ${name}`, sides, runs);
  return { name: '`task exec … true`', engine: name, times, target: atMost(times, '45 ms', 45) };
}
