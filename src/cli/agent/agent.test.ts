import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { typeAt } from '../../../test/typed-program.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'slipway-cli-agent-'));
  mkdirSync(join(home, 'config/agents'), { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const slipway = (argv: readonly string[]) => typeAt(home, argv);
const writeAgent = (text: string) => writeFileSync(join(home, 'config/agents/mine.yml'), text);

test("agent list shows built-in ones and a person's own", async () => {
  writeAgent('label: My Agent\ninstall: ["make install"]\nversion: [mine, -V]\ncommand: [mine]\n');
  const agents = JSON.parse((await slipway(['agent', 'list', '--json'])).stdout);
  expect(agents.map(({ id, source }: { id: string; source: string }) => [id, source])).toEqual([
    ['claude', 'built-in'],
    ['codex', 'built-in'],
    ['mine', 'user'],
    ['opencode', 'built-in'],
  ]);
  expect((await slipway(['agent', 'list'])).stdout).toMatch(/^mine +My Agent +user +\/.*mine\.yml$/m);
});

test('agent list warns of a broken file and exits 1', async () => {
  writeAgent('comand: [x]\n');
  expect(await slipway(['agent', 'list'])).toMatchObject({
    exitCode: 1,
    stdout: expect.stringMatching(/^mine +cannot be read/m),
    stderr: expect.stringContaining('agent mine: '),
  });
});

test('agent show has the keys of its file', async () => {
  const agent = JSON.parse((await slipway(['agent', 'show', 'claude', '--json'])).stdout);
  expect(agent).toMatchObject({
    id: 'claude',
    source: 'built-in',
    headless: { command: ['claude', '--print', '--dangerously-skip-permissions', '--', '{prompt}'], prompt_env: null },
    env_when_root: { IS_SANDBOX: '1' },
  });
  expect((await slipway(['agent', 'show', 'claude'])).stdout).toContain("headless:    claude --print --dangerously-skip-permissions -- '{prompt}'");
  expect(await slipway(['agent', 'show', 'nobody'])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('[E_NO_AGENT]') });
});
