import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SlipwayError } from '../errors.ts';

/** The package's `templates/`: it stands beside `dist/`, where the bundle's files are, and beside `src/`. */
export function templatesDir(from: string = import.meta.filename): string {
  const start = dirname(from);
  for (let directory = start; ; directory = dirname(directory)) {
    const candidate = join(directory, 'templates');
    if (existsSync(join(candidate, 'agents'))) return candidate;
    if (directory === dirname(directory)) break;
  }
  throw new SlipwayError('E_INCOMPLETE', `Slipway's own templates are missing beside ${start}.`, { hint: 'Install Slipway again.' });
}
