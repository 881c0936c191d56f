#!/usr/bin/env node
// `npm run demo`: Slipway's main job on this machine, from nothing installed to a task that moved to a newer image.
import { mkdirSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chooseEngine, prepareTools } from './demo/choose.mjs';
import { hasOwnEngine, removeOwnEngine } from './demo/engine.mjs';
import { cacheFolder, configFolder, demoFolder, ownFolders, repositoryFolder, snippetFile, stateFolder } from './demo/folders.mjs';
import { hasConfiguration, makeRepository, writeConfiguration } from './demo/repository.mjs';
import { forgetEarlier, tellStory } from './demo/story.mjs';
import { quietly, say, show } from './demo/terminal.mjs';
import { buildCommand, checkNode, installCommand, needsPackages, root } from './setup/packages.mjs';

const USAGE = `Shows Slipway at work: an engine, images, an agent in a task, and what follows.

  npm run demo                nothing has to be installed; a second run takes seconds
  npm run demo -- --clean     removes all that the demo made
`;

checkNode();
const { values } = parseArgs({ options: { clean: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } });
const begun = Date.now();
try {
  if (values.help) process.stdout.write(USAGE);
  else if (values.clean) await clean();
  else await demo();
} catch (error) {
  process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

async function demo() {
  if (needsPackages()) {
    say("Slipway's own packages, from npm.");
    await show(installCommand, { cwd: root });
  }
  await quietly(buildCommand, { cwd: root });

  mkdirSync(demoFolder, { recursive: true });
  const own = { ...process.env, ...ownFolders };
  const { endpoint, env: engine, registry } = await chooseEngine(own);
  // config.yml names the engine from here on.
  const env = { ...own, ...engine, SLIPWAY_ENGINE: undefined };
  await prepareTools(!registry);
  writeConfiguration({ engine: endpoint, base: registry ? 'debian:bookworm-slim' : '{ bootstrap: debian, suite: bookworm }' });
  await forgetEarlier(env);
  await makeRepository();

  say(`The engine, and what there is to know about it.`);
  await show(['slipway', 'doctor'], { env, expect: [0, 1] });
  await tellStory(env);
  say(`Done in ${Math.round((Date.now() - begun) / 1000)} s. To go on by hand:`);
  const settings = Object.entries(ownFolders).map(([name, value]) => `${name}=${value}`);
  process.stdout.write(`  export ${settings.join(' ')}\n  npx slipway task list\n  npm run demo -- --clean    removes all of it\n`);
}

async function clean() {
  const env = { ...process.env, ...ownFolders };
  if (hasOwnEngine()) {
    await removeOwnEngine();
  } else if (hasConfiguration()) {
    // On an engine of the machine's, what the demo made is removed by Slipway itself, by its labels.
    await forgetEarlier(env);
    await show(['slipway', 'image', 'prune', '--yes'], { env });
  }
  for (const path of [repositoryFolder, configFolder, stateFolder, cacheFolder, snippetFile]) rmSync(path, { recursive: true, force: true });
  rmSync(demoFolder, { recursive: true, force: true });
  process.stdout.write(`${demoFolder} is removed.\n`);
}
