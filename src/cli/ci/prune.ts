import type { Call } from '../call.ts';
export async function prune(_call: Call, _options: unknown): Promise<void> {}
