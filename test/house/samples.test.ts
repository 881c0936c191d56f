import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listAgents } from '../../src/agents/store.ts';
import { readText, root } from './sources.ts';

const paths = { config: join(root, 'samples'), state: '/nonexistent', cache: '/nonexistent' };

it('the sample agent is an agent that runs headless', async () => {
  const agents = await listAgents(paths);
  const scribe = agents.find(({ name }) => name === 'scribe');
  expect(scribe?.agent).toMatchObject({ source: 'user', definition: { name: 'scribe', headless: { command: ['scribe', '{prompt}'] } } });
});

it('the guide shows the sample agent as it is', () => {
  expect(readText('docs/guides/agents.md')).toContain(readText('samples/agents/scribe.yml'));
});
