import type { Verb } from '../../operations/model.ts';

export const verbs: readonly Verb[] = [];
