import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Paths } from '../state/paths.ts';
import { headlessCall } from './command.ts';
import { checkAgentNames, findAgent, listAgentNames, listAgents, readAgent, readAgents } from './store.ts';
import { templatesDir } from './templates.ts';

let paths: Paths;
beforeEach(() => {
  const home = mkdtempSync(join(tmpdir(), 'slipway-agents-'));
  paths = { config: join(home, 'config'), state: join(home, 'state'), cache: join(home, 'cache') };
});
afterEach(() => rmSync(dirname(paths.config), { recursive: true, force: true }));

const own = 'install: [make install]\nversion: [mine, --version]\ncommand: [mine]\n';
function write(name: string, text: string): void {
  mkdirSync(join(paths.config, 'agents'), { recursive: true });
  writeFileSync(join(paths.config, 'agents', name), text);
}

describe('the agents', () => {
  test('that are built in', async () => {
    const agents = await readAgents(paths);
    expect([...agents.keys()]).toEqual(['claude', 'codex', 'opencode']);
    for (const agent of agents.values()) {
      expect(agent.headless?.command.slice(-2), agent.name).toEqual(['--', '{prompt}']);
      expect(agent.install.join(), agent.name).toContain(agent.packages[0]);
      expect(agent.resume, agent.name).toBeDefined();
      expect(agent.signIn, agent.name).toBeDefined();
      expect(agent.credentials?.mount, agent.name).toBe(`~/${agent.credentials?.directory}`);
    }
    expect(agents.get('claude')?.envWhenRoot).toEqual({ IS_SANDBOX: '1' });
  });

  test('gain one, and replace one, by a YAML file of a person', async () => {
    write('mine.yml', own);
    write('claude.yml', own.replaceAll('mine', 'my-claude'));
    expect(await listAgentNames(paths)).toEqual(['claude', 'codex', 'mine', 'opencode']);
    expect((await readAgent(paths, 'claude')).command).toEqual(['my-claude']);
    expect(await findAgent(paths, 'mine')).toMatchObject({
      source: 'user',
      file: join(paths.config, 'agents/mine.yml'),
      definition: { label: 'mine', headless: undefined, passEnv: [] },
    });
    expect((await findAgent(paths, 'codex')).source).toBe('built-in');
  });

  test('show a broken file where it is, and the others beside it', async () => {
    write('broken.yml', 'instal: [x]\n');
    const entries = await listAgents(paths);
    expect(entries.map(({ name, agent }) => [name, agent?.source])).toEqual([
      ['broken', undefined],
      ['claude', 'built-in'],
      ['codex', 'built-in'],
      ['opencode', 'built-in'],
    ]);
    await expect(readAgents(paths)).rejects.toMatchObject({ code: 'E_BAD_FILE' });
    await expect(readAgent(paths, 'codex')).resolves.toMatchObject({ name: 'codex' });
  });

  test('that do not exist are told with the nearest name', async () => {
    await expect(readAgent(paths, 'cladue')).rejects.toMatchObject({
      code: 'E_NO_AGENT',
      message: 'There is no agent `cladue`.',
      hint: 'Did you mean `claude`? `slipway agent list` shows all.',
    });
    await expect(checkAgentNames(paths, ['claude', 'zzz'])).rejects.toMatchObject({ code: 'E_NO_AGENT', message: 'There is no agent `zzz`.' });
    await expect(readAgent(paths, '../claude')).rejects.toMatchObject({ code: 'E_BAD_ID' });
  });
});

describe('a file of an agent', () => {
  test.each([
    ['without install lines', 'version: [x]\ncommand: [x]\n', '1:1: `install` is missing: expected a list'],
    ['with a command in one text', own.replace('command: [mine]', 'command: mine --x'), '3:10: `command`: expected a list, found "mine --x"'],
    [
      'with an empty command',
      own.replace('command: [mine]', 'command: []'),
      '3:10: `command`: expected a program and its arguments, each an element of its own',
    ],
    [
      'whose headless command has no prompt',
      `${own}headless:\n  command: [mine, run]\n`,
      '5:12: `headless.command`: expected an element with {prompt}, or `prompt_env`',
    ],
    [
      'whose folder leaves the home',
      `${own}credentials: { directory: ../x }\n`,
      '4:27: `credentials.directory`: expected a plain path without "..", "." or "//", found "../x"',
    ],
    [
      'whose folder is absolute',
      `${own}credentials: { directory: /etc }\n`,
      '4:27: `credentials.directory`: expected a path relative to the user\'s home, such as .claude, found "/etc"',
    ],
    ['with another name', `name: other\n${own}`, '1:7: `name`: expected mine, as the file is called, found "other"'],
    ['with two lines in one', `${own.replace('[make install]', '["a\\nb"]')}`, '1:11: `install.0`: expected a shell line, found "a\\nb"'],
    ['with a version of Node.js as a number', `${own}node: 18\n`, '4:7: `node`: expected a text, found 18'],
    [
      'with a variable that is none',
      `${own}pass_env: [A=B]\n`,
      '4:12: `pass_env.0`: expected the name of a variable: letters, digits and _, no digit first, found "A=B"',
    ],
  ])('%s is refused', async (_, text, message) => {
    write('mine.yml', text);
    await expect(readAgent(paths, 'mine')).rejects.toMatchObject({ code: 'E_BAD_FILE', message: `${paths.config}/agents/mine.yml:${message}` });
  });
});

describe('a headless call', () => {
  test('holds the prompt as it is, wherever the file puts it', async () => {
    write('mine.yml', `${own}headless:\n  command: [sh, -c, 'echo "$P"', "--text={prompt}", "{prompt}"]\n  prompt_env: P\n`);
    const prompt = '-n "$&" `id` {prompt} $(x)\nline 2';
    expect(headlessCall(await readAgent(paths, 'mine'), prompt)).toEqual({
      command: ['sh', '-c', 'echo "$P"', `--text=${prompt}`, prompt],
      env: { P: prompt },
    });
  });

  test('of an agent that has none is an error', async () => {
    write('mine.yml', own);
    const agent = await readAgent(paths, 'mine');
    expect(() => headlessCall(agent, 'x')).toThrow('The agent `mine` has no headless command.');
  });
});

test('the templates are found from the bundle and from the sources, and their loss is told', () => {
  const home = dirname(paths.config);
  mkdirSync(join(home, 'pkg/templates/agents'), { recursive: true });
  mkdirSync(join(home, 'pkg/dist/chunks'), { recursive: true });
  expect(templatesDir(join(home, 'pkg/dist/chunks/x.js'))).toBe(join(home, 'pkg/templates'));
  expect(templatesDir(join(home, 'pkg/src/agents/x.ts'))).toBe(join(home, 'pkg/templates'));
});
