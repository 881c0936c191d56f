import type { Verb } from '../../operations/model.ts';
import { buildServiceImageVerb } from './image-build.ts';
import { ensureVolumes, removeVolumes } from './volumes.ts';

export const verbs: readonly Verb[] = [buildServiceImageVerb, ensureVolumes, removeVolumes] as unknown as readonly Verb[];
