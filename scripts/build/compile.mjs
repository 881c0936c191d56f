import { readFileSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

/** Writes V8's code of every function of a script beside it, for this very V8: what build/loader.cjs looks for. @param {string} filename */
export function compile(filename) {
  setFlagsFromString('--no-lazy');
  const script = new Script(readFileSync(filename, 'latin1'), { filename });
  // V8 accepts code only under the flags that it was written under.
  setFlagsFromString('--lazy');
  writeFileSync(`${filename}.${process.versions.v8}-${process.arch}`, script.createCachedData());
}
