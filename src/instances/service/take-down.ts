import type { App, Changed } from '../../operations/model.ts';

export async function takeDownService(_app: App, _instance: string, _options: { readonly volumes: boolean }): Promise<readonly Changed<unknown>[]> {
  throw new Error('not there yet');
}
