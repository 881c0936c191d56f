import type { HistoryEntry, InstanceConfig, InstanceSource } from '../model.ts';
import type { InstanceObserved } from '../observe.ts';
import type { IdMaps } from './id-maps.ts';

export interface ReplaceWanted {
  readonly instance: string;
  /** Default: what is configured, so that what was edited is applied. */
  readonly source?: InstanceSource;
  /** Its image's id, where it is known: a name may mean another one by now. */
  readonly image?: string;
  /** Start it also where it is stopped. */
  readonly start?: boolean;
}

/** What is true of an instance that another version is to take the place of. */
export interface ReplaceObserved extends InstanceObserved {
  /** The configuration with the version that is wanted. */
  readonly next: InstanceConfig;
  /** Its image's id, or of a process its release's digest; `undefined` only with `--dry-run`, where it is not there yet. */
  readonly digest: string | undefined;
  readonly history: readonly HistoryEntry[];
  /** An update whose new version has been taken, and that was cut off before it had tidied up. */
  readonly taken: boolean;
  /** Containers that something left under the names of a next and a former version; of `taken` the former one is still there. */
  readonly leftovers: readonly string[];
  readonly ids: IdMaps | undefined;
  readonly person: string;
}

export type Outcome = 'updated' | 'rolled-back';

export interface Replaced {
  readonly instance: string;
  readonly outcome: Outcome | 'unchanged' | 'planned';
  readonly version: string;
  readonly from: string;
  readonly digest: string | undefined;
  readonly running: boolean;
  readonly operation: string | undefined;
}

/** A volume stands in for `data/`: what is in it is not the instance's folder. */
export const isMountedOver = ({ mounts, paths }: Pick<InstanceConfig, 'mounts' | 'paths'>) => mounts.some(({ target }) => target === paths.data);
