import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    readonly isThorough: boolean;
  }
}

/** How often a property is tried: `few` times where unit tests run, which are to take a second or two, and `all` among the cases. */
export function numRuns(few: number, all: number): number {
  return inject('isThorough') ? all : few;
}
