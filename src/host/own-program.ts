import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SlipwayError } from '../errors.ts';

/** `slipway.js`, to be started with `process.execPath`. It stands beside the bundle that this is part of: the program or the library. */
export function programFile(): string {
  const file = join(dirname(fileURLToPath(import.meta.url)), 'slipway.js');
  if (existsSync(file)) return file;
  throw new SlipwayError('E_INCOMPLETE', `Slipway's program is missing beside ${file}.`, { hint: 'Install Slipway again.' });
}
