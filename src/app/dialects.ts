import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dialect, DialectMemory } from '../engine/dialect.ts';
import type { Paths } from '../state/paths.ts';

/** Kept in the cache directory. Without one, or where two commands write at once, an engine is asked once more. */
export function dialectMemory(paths: Paths): DialectMemory {
  const file = join(paths.cache, 'dialects.json');
  const all = (): Readonly<Record<string, Dialect>> => {
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, Dialect>>;
    } catch {
      return {};
    }
  };
  return {
    read: (endpoint) => all()[endpoint],
    write(endpoint, dialect) {
      const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
      try {
        mkdirSync(paths.cache, { recursive: true, mode: 0o700 });
        writeFileSync(temporary, JSON.stringify({ ...all(), [endpoint]: dialect }), { mode: 0o600 });
        renameSync(temporary, file);
      } catch {
        // A full disk, or a folder that may not be written.
      }
    },
  };
}
