import { join } from 'node:path';
import type { JitiOptions } from 'jiti';
import { createJiti } from 'jiti';

export const scriptFile = (folder: string) => join(folder, '.slipway', 'ci.ts');

/** Its own file cache is off: in a folder that others can write, somebody else's code could be run. */
const options: JitiOptions = { fsCache: false, interopDefault: false, tryNative: false };

/** Loads TypeScript without a build. `slipway` is the running program's own library. */
export function openScript(folder: string, library: unknown, plugins: readonly unknown[] = []) {
  return createJiti(scriptFile(folder), { ...options, virtualModules: { slipway: library }, transformOptions: { babel: { plugins } } });
}
