import { stat } from 'node:fs/promises';
import { SlipwayError } from '../errors.ts';
import type { InstanceConfig } from './model.ts';

/** Docker makes a source that is missing, as root's folder; Podman refuses at the start. */
export async function checkSources({ name, mounts, paths }: InstanceConfig): Promise<void> {
  const sources = [
    ...mounts.flatMap(({ type, source }) => (type === 'bind' && source !== undefined ? [{ key: 'mounts', source }] : [])),
    ...(paths.projects === undefined ? [] : [{ key: 'paths.projects', source: paths.projects.source }]),
  ];
  for (const { key, source } of sources) {
    await stat(source).catch((cause: unknown) => {
      throw new SlipwayError('E_NO_FILE', `Instance ${name} mounts ${source}, which is not there or cannot be reached.`, {
        cause,
        hint: `Create it, or correct \`${key}\`.`,
      });
    });
  }
}
