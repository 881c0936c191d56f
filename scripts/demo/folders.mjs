import { join } from 'node:path';

/** All that the demo makes. Podman and Docker refuse long paths for their sockets, so it is short. */
export const demoFolder = '/var/tmp/slipway-demo';
export const engineFolder = join(demoFolder, 'engine');
export const repositoryFolder = join(demoFolder, 'hello');
export const configFolder = join(demoFolder, 'config');
export const stateFolder = join(demoFolder, 'state');
export const cacheFolder = join(demoFolder, 'cache');
