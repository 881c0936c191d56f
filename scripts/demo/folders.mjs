import { join } from 'node:path';

/** All that the demo makes. Sockets allow short paths only. */
export const demoFolder = '/var/tmp/slipway-demo';
export const engineFolder = join(demoFolder, 'engine');
export const repositoryFolder = join(demoFolder, 'hello');
export const configFolder = join(demoFolder, 'config');
export const stateFolder = join(demoFolder, 'state');
export const cacheFolder = join(demoFolder, 'cache');
/** The one thing that the demo's snippet file is for. */
export const snippetFile = join(demoFolder, 'snippet');

/**
 * Slipway's folders of the demo: a person's own projects and tasks are not seen, and stay as they were.
 * @type {Readonly<Record<string, string>>}
 */
export const ownFolders = { SLIPWAY_CONFIG_DIR: configFolder, SLIPWAY_STATE_DIR: stateFolder, SLIPWAY_CACHE_DIR: cacheFolder };
