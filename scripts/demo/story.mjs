import { join } from 'node:path';
import { configFolder, repositoryFolder, snippetFile, stateFolder } from './folders.mjs';
import { ask, say, show } from './terminal.mjs';

/**
 * The main job from image to clean-up, as a person would type it.
 * @param {NodeJS.ProcessEnv} env
 */
export async function tellStory(env) {
  /** @param {readonly string[]} args */
  const slipway = (...args) => show(['slipway', ...args], { env });
  const newest = async () => (await ask(['task', 'list', 'hello'], env)).value.at(-1);

  say('A project: a repository, and how its containers are built and run.');
  await slipway('project', 'new', 'hello', '--repo', repositoryFolder, '--snippet', snippetFile, '--human-name', 'Demo', '--human-email', 'demo@example.com');

  say("Its images: L0 is the base, L1 has the agents, L2 is the project's own. Only what is missing is built.");
  await slipway('build', 'hello');

  say('An agent works on its own in a new task. This one is a script: samples/agents/scribe.yml.');
  await slipway('run', 'hello', 'Greet in French too');
  const { id, workspace } = await newest();

  say('The task, and what the agent changed in its workspace.');
  await slipway('task', 'list');
  await show(['diff', '-ru', '--no-dereference', '--exclude=.git', repositoryFolder, workspace], { expect: [1] });

  say('A task to work in by hand. What is done in its container outlives a stop.');
  await slipway('task', 'start', 'hello', '--name', 'by hand');
  const hand = (await newest()).id;
  await slipway('task', 'exec', '--root', 'hello', hand, 'sh', '-c', 'echo kept > /opt/note');
  await slipway('task', 'exec', 'hello', hand, 'scribe', 'Greet in German too');
  await slipway('task', 'exec', 'hello', hand, 'git', '--no-pager', 'diff', '--stat');
  await slipway('task', 'stop', 'hello', hand);
  await slipway('task', 'list');
  await slipway('task', 'restart', 'hello', hand);
  await slipway('task', 'exec', 'hello', hand, 'cat', '/opt/note');
  await slipway('task', 'status', 'hello', hand);

  say('The snippet changes: Slipway says what is stale, why, and what to do about it.');
  await show(['sed', '-i', 's/GREETING=hello/GREETING=hi/', join(configFolder, 'projects', 'hello', 'project.yml')]);
  await slipway('image', 'list');
  await slipway('task', 'status', 'hello', hand);

  say('The image is built again, and the task moves to it. Its workspace stays.');
  await slipway('build', 'hello');
  await slipway('task', 'restart', 'hello', hand, '--recreate');
  await slipway('task', 'exec', 'hello', hand, 'sh', '-c', 'echo "$GREETING, and: $(git status --short)"');

  say('Who did what, and how it ended.');
  await slipway('journal');

  say(`The tasks are still there. Task ${id}'s workspace: ${workspace}`);
}

/**
 * Removes the project of an earlier demo, so that every demo tells the same. Images stay: that is why it is quick.
 * @param {NodeJS.ProcessEnv} env
 */
export async function forgetEarlier(env) {
  const projects = await ask(['project', 'list'], env);
  if (!projects.value?.some((/** @type {{ id: string }} */ { id }) => id === 'hello')) return;
  say(`The project of an earlier demo is removed (${stateFolder}).`);
  const tasks = await ask(['task', 'list', 'hello'], env);
  for (const { id } of tasks.value ?? []) await show(['slipway', 'task', 'delete', 'hello', id, '--yes'], { env });
  await show(['slipway', 'project', 'delete', 'hello', '--yes'], { env });
}
