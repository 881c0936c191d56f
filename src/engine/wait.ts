import type { Api } from './api.ts';
import type { CallOptions, ContainerExit } from './model.ts';
import { pathPart } from './reference.ts';

export async function waitContainer(api: Api, id: string, options: CallOptions = {}): Promise<ContainerExit> {
  const exit = await api.json<{ readonly StatusCode: number; readonly Error?: { readonly Message?: string } | null }>(
    'POST',
    `/containers/${pathPart(id)}/wait`,
    {
      ...options,
      action: `wait for container ${id}`,
      patient: true,
      query: { condition: 'not-running' },
    },
  );
  const error = exit.Error?.Message;
  return { exitCode: exit.StatusCode, ...(error === undefined || error === '' ? {} : { error }) };
}
