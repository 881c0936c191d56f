import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { tell } from '../../scripts/lab/run.mjs';
import { alternate } from '../measure/alternate.mjs';
import { timesAsLong } from '../target.mjs';

/**
 * @typedef {import('../run.mjs').Bench} Bench
 * @typedef {import('../install.mjs').Install} Install
 */

/**
 * `task list` against the engine's own `ps -a`, both with the same containers: one a task up to `containers`, none for the
 * others, whose files say that they never ran.
 * @param {Bench} bench
 * @param {Install} install
 */
export async function list({ runs, tasks, containers }, install) {
  const { name } = install.engine;
  await install.run('task', 'start', install.project);
  await install.run('task', 'new', install.project);
  const copies = await readCopies(install);
  const results = [];
  let there = 1;
  for (const count of [...tasks].sort((a, b) => a - b)) {
    tell(`${count} tasks on ${name}, ${Math.min(count, containers)} containers`);
    for (; there < count; there++) await copies.add(there + 1, there < containers);
    if (count === 1) copies.hideSecond();
    const ps = { ...install.other('ps', '-a'), name: `${install.engine.program[0]} ps -a` };
    const times = await alternate(`list of ${count}, ${name}`, [install.side('slipway', 'task', 'list'), ps], runs);
    const target = count === 1000 ? { target: timesAsLong(times, ps.name, 3) } : {};
    results.push({ name: `\`task list\` of ${count} (${Math.min(count, containers)} with a container)`, engine: name, times, ...target });
  }
  await install.removeContainers();
  return results;
}

/** Tasks as copies of one that ran and one that did not: making each by a command would take minutes and show nothing else. @param {Install} install */
async function readCopies(install) {
  const { client } = install.engine;
  const file = (/** @type {number} */ task) => install.path('state/projects', install.project, 'tasks', `${task}.yml`);
  const ran = readFileSync(file(1), 'utf8');
  const neverRan = readFileSync(file(2), 'utf8');
  const { Config, Image } = await client.call('GET', `/containers/${install.container('1')}/json`);
  const numbered = (/** @type {string} */ text, /** @type {number} */ task) => text.replace(/^id: .*$/m, `id: "${task}"`);
  return {
    /** @param {number} task @param {boolean} withContainer */
    async add(task, withContainer) {
      mkdirSync(dirname(file(task)), { recursive: true });
      writeFileSync(file(task), numbered(withContainer ? ran : neverRan, task));
      if (!withContainer) return;
      const body = { Image: Image.replace(/^sha256:/, ''), Cmd: ['hold'], Labels: { ...Config.Labels, 'io.slipway.task': String(task) } };
      await client.call('POST', `/containers/create?name=${install.container(String(task))}`, body);
    },
    /** The pattern of those that never ran is a task too many in a list of one. */
    hideSecond: () => rmSync(file(2)),
  };
}
