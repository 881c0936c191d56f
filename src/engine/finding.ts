import type { Candidate } from './detect.ts';
import type { EngineInfo } from './model.ts';

/** `info`: worth knowing; `warn`: something will not work; `error`: nothing will. */
export type Level = 'ok' | 'info' | 'warn' | 'error';

export interface Finding {
  readonly level: Level;
  /** Stable: `no-subuid`, `low-disk` … */
  readonly code: string;
  readonly message: string;
  /** What to do about it; empty where nothing is to be done. */
  readonly hint: string;
}

/** What doctor touches besides files and engines; tests hand in their own. */
export interface Probes {
  readonly freeBytes: (path: string) => Promise<number | undefined>;
  /** `missing`, `denied`, or `ok` for reading and writing. */
  readonly device: (path: string) => Promise<'ok' | 'missing' | 'denied'>;
  /** Whether anything answers by HTTP there; whatever the status. */
  readonly reaches: (url: string) => Promise<boolean>;
  readonly describe: (candidate: Candidate) => Promise<EngineInfo>;
}
