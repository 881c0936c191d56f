import { closeSync, openSync } from 'node:fs';

/** Has everything that this process says from now on, its last words too, written to the end of a file; nowhere, where that cannot be opened. */
export function sayInto(file: string): void {
  for (const descriptor of [1, 2]) {
    closeSync(descriptor);
    // The lowest number that is free, which is this one: see open(2).
    try {
      openSync(file, 'a', 0o600);
    } catch {
      openSync('/dev/null', 'a');
    }
  }
}
