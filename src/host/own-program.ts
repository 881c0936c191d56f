import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SlipwayError } from '../errors.ts';

/** `slipway.js`, to be started with `process.execPath`. It stands beside the bundle that this is part of: the program or the library. */
export function programFile(): string {
  const file = join(import.meta.dirname, 'slipway.js');
  if (existsSync(file)) return file;
  throw new SlipwayError('E_INCOMPLETE', `Slipway's program is missing beside ${file}.`, { hint: 'Install Slipway again.' });
}
