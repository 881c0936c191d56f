import type { App, Changed } from '../../operations/model.ts';
import type { InstanceConfig } from '../model.ts';
import { versionOf } from '../model.ts';
import type { ContainerSettings } from './container.ts';

export type SetUp =
  /** `--dry-run`. */
  | { readonly did: 'planned'; readonly changed: Changed<unknown>; readonly thenStarts: boolean }
  | {
      readonly did: 'nothing' | 'started' | 'created';
      readonly id: string;
      readonly container: string;
      readonly config: InstanceConfig;
      readonly version: string;
    };

export async function setUpService(_app: App, _settings: ContainerSettings): Promise<SetUp> {
  void versionOf;
  throw new Error('not there yet');
}
