import type { InstanceFile } from './schema.ts';
import { formatYaml } from '../state/yaml.ts';

/** config.yml of a new instance: what was asked for, and what else may stand there. */
export async function renderInstance(name: string, file: InstanceFile): Promise<string> {
  return `# Instance ${name}. Edit it as you like: \`slipway instance status ${name}\` shows what differs from what runs, and
# \`slipway instance start ${name}\` applies it. What is not said here, the version's .slipway/service.yml says.
# Variables that are secret belong into .env beside this file: \`slipway instance env set ${name} NAME\`.
${await formatYaml(file)}`;
}
