import type { Verb } from '../../operations/model.ts';
import { buildServiceImageVerb } from './image-build.ts';

export const verbs: readonly Verb[] = [buildServiceImageVerb] as unknown as readonly Verb[];
