import type { Verb } from '../operations/model.ts';
import { verbs as supervision } from './supervision/verbs.ts';
import { verbs as update } from './update/verbs.ts';

const own: readonly Verb[] = [];

export const verbs: readonly Verb[] = [...own, ...update, ...supervision];
