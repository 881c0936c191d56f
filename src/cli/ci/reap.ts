import type { Call } from '../call.ts';
export async function reap(_call: Call): Promise<void> {}
