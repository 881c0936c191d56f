import type { Verb } from '../../operations/model.ts';
import { installInstance, uninstallInstance } from '../units/verbs.ts';
import { restInstance, reviveInstance } from './revive.ts';

// Recovery hands each its own `wanted` back from the journal.
export const verbs = [installInstance, uninstallInstance, reviveInstance, restInstance] as unknown as readonly Verb[];
