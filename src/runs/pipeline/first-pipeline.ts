import type { FirstJobs } from './first-jobs.ts';

/** A first ci.yml, with comments to go on from. */
export function renderFirst({ from, jobs }: FirstJobs): string {
  const told =
    from.length === 0 ? 'Slipway found nothing to tell a pipeline from: put your own commands here.' : `Told from ${from.join(', ')}: correct what is not so.`;
  return `# What \`slipway ci run\` does. docs/reference/ci.yml of Slipway explains every setting.
# ${told}

# With an image, or with .slipway/Dockerfile, the steps run in a container; without either, on this machine.
# image: debian:12

jobs:
${(jobs.length === 0 ? example : jobs).map(renderJob).join('\n')}`;
}

const example: FirstJobs['jobs'] = [{ name: 'check', steps: ['echo "Replace this by what checks your work."'] }];

function renderJob({ name, needs, steps }: FirstJobs['jobs'][number]): string {
  const lines = [`  ${name}:`, ...(needs === undefined ? [] : [`    needs: [${needs.join(', ')}]`]), '    steps:', ...steps.map((step) => `      - ${step}`)];
  return `${lines.join('\n')}\n`;
}
