import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeProject } from '../cases/project.ts';
import { engines, type LabEngine } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { snapshot } from './kill.ts';

const docker = engines.find(({ kind }) => kind === 'docker') as LabEngine;

let box: Sandbox;
/** The person is unprivileged, so that a file can be unreadable. `well` has a running task; `sick` is what gets broken. */
beforeAll(async () => {
  box = new Sandbox(docker, { as: 'person' });
  await makeProject(box, 'well');
  await makeProject(box, 'sick');
  for (const project of ['well', 'sick']) {
    await box.ok(['task', 'start', project]);
    await box.ok(['task', 'new', project]);
  }
});
afterAll(() => box.dispose());

const broken = [
  { what: 'cut off in the middle', spoil: (text: string) => `${text.slice(0, 12)}\n"unclosed: [` },
  { what: 'no YAML', spoil: () => 'id: [1, 2\n\tname: }{' },
  { what: 'a list', spoil: () => '- one\n- two\n' },
  { what: 'not UTF-8', spoil: () => Buffer.from([0x69, 0x64, 0x3a, 0x20, 0xff, 0xfe, 0x0a]) },
  { what: 'an alias without its anchor', spoil: () => 'id: *nobody\n' },
] as const;

/** Runs `look` while the file is broken; the file is untouched afterwards, and then put back. */
async function whileSpoiled(file: string, content: string | Buffer, look: (path: string) => Promise<void>): Promise<void> {
  const path = box.path(file);
  const sound = readFileSync(path);
  writeFileSync(path, content);
  try {
    await look(path);
    expect(readFileSync(path)).toEqual(Buffer.from(content));
  } finally {
    writeFileSync(path, sound);
  }
}

async function refused(args: readonly string[], pattern: RegExp): Promise<void> {
  const end = await box.slipway(args);
  expect([args, end.exitCode, end.stderr]).toEqual([args, expect.toBeOneOf([1, 125]), expect.stringMatching(pattern)]);
}

/** Another project's commands work meanwhile. */
async function othersWork(): Promise<void> {
  await box.ok(['task', 'list', 'well']);
  await box.ok(['task', 'stop', 'well', '1']);
  await box.ok(['task', 'restart', 'well', '1']);
  await box.ok(['task', 'delete', '--yes', 'well', await box.ok(['task', 'new', 'well'])]);
}

describe('project.yml', () => {
  const file = 'config/projects/sick/project.yml';
  it.each(broken)('$what: told with file, line and column; the file stays; running tasks can be stopped', ({ spoil }) =>
    whileSpoiled(file, spoil(box.read(file)), async (path) => {
      const place = new RegExp(`${path}:\\d+:\\d+: .*[\\s\\S]*\\[E_BAD_FILE\\]|\\[E_BAD_FILE\\][\\s\\S]*${path}:\\d+:\\d+: `);
      for (const args of [
        ['project', 'show', 'sick'],
        ['task', 'new', 'sick'],
        ['build', 'sick'],
        ['generate', 'sick'],
        ['run', 'sick', 'true'],
        ['task', 'run-cli', 'sick', '2'],
      ]) {
        await refused(args, place);
      }
      await box.ok(['task', 'status', 'sick', '1']);
      await box.ok(['task', 'stop', 'sick', '1']);
      await box.ok(['task', 'restart', 'sick', '1']);
    }),
  );
  it('other projects are not disturbed', () => whileSpoiled(file, 'id: [', othersWork));
  it('unreadable, and a folder in its place', async () => {
    chmodSync(box.path(file), 0o000);
    await refused(['project', 'show', 'sick'], /\[E_STATE_PERMISSION\]/);
    chmodSync(box.path(file), 0o644);
    const text = box.read(file);
    rmSync(box.path(file));
    mkdirSync(box.path(file));
    await refused(['project', 'show', 'sick'], /not a regular file.*\[E_BAD_FILE\]/);
    rmSync(box.path(file), { recursive: true });
    box.write(file, text);
    await box.ok(['project', 'show', 'sick']);
  });
});

describe('an agent', () => {
  const file = 'config/agents/shell.yml';
  it.each(broken.slice(0, 2))('$what', ({ spoil }) =>
    whileSpoiled(file, spoil(box.read(file)), async (path) => {
      for (const args of [
        ['agent', 'show', 'shell'],
        ['build', 'sick'],
        ['run', 'sick', 'true'],
      ])
        await refused(args, new RegExp(`${path}:\\d+:\\d+: `));
      await box.ok(['task', 'status', 'sick', '1']);
      await box.ok(['task', 'stop', 'sick', '1']);
      await box.ok(['task', 'restart', 'sick', '1']);
    }),
  );
});

describe('config.yml', () => {
  it.each(broken.slice(1, 3))('$what', async ({ spoil }) => {
    box.write('config/config.yml', 'engine: docker\n');
    await whileSpoiled('config/config.yml', spoil('engine: docker\n'), async (path) => {
      await refused(['project', 'show', 'sick'], new RegExp(`${path}:\\d+:\\d+: `));
      await box.ok(['task', 'status', 'sick', '1']);
      await box.ok(['task', 'stop', 'sick', '1']);
      await box.ok(['task', 'restart', 'sick', '1']);
    });
    rmSync(box.path('config/config.yml'));
  });
});

describe("a task's file", () => {
  const file = 'state/projects/sick/tasks/1.yml';
  const verbs = ['run-cli', 'stop', 'restart', 'status'].map((verb) => ['task', verb, 'sick', '1']);
  const all = [...verbs, ['task', 'delete', '--yes', 'sick', '1']];

  it.each([
    ...broken.filter(({ what }) => what !== 'not UTF-8'),
    { what: 'without its format', spoil: (text: string) => text.replace('format: 1\n', '') },
    { what: 'of another task', spoil: (text: string) => text.replace(/^id: .*$/m, 'id: "2"') },
    { what: 'of another project', spoil: (text: string) => text.replace('project: sick', 'project: ../well') },
    { what: 'with a mode that is none', spoil: (text: string) => text.replace('mode: cli', 'mode: 7') },
    { what: 'with half an engine', spoil: (text: string) => text.replace(/^ {2}endpoint: .*\n/m, '') },
  ])('$what: an error with file, line and column; the container and the workspace stay', ({ spoil }) =>
    whileSpoiled(file, spoil(box.read(file)), async (path) => {
      const before = (await box.container('sick-cli-1'))?.id;
      for (const args of all) await refused(args, new RegExp(`${path}:\\d+:\\d+: `));
      const list = await box.slipway(['task', 'list']);
      expect([list.exitCode, list.stdout]).toEqual([1, expect.stringMatching(/^sick +2 [\s\S]*^well +1 /m)]);
      expect(list.stderr).toContain(`warning: task 1 of sick: ${path}:`);
      expect((await box.container('sick-cli-1'))?.id).toBe(before);
      expect(box.read('state/tasks/sick/1/workspace/README.md')).toBe('# sick\n');
    }),
  );
  it('other tasks are not disturbed', () =>
    whileSpoiled(file, 'id: [', async () => {
      await othersWork();
      await box.ok(['task', 'run-cli', 'sick', '2']);
      await box.ok(['task', 'stop', 'sick', '2']);
      await box.ok(['task', 'new', 'sick']);
    }));
  it('of a newer Slipway is left alone', () =>
    whileSpoiled(file, box.read(file).replace('format: 1', 'format: 2'), async () => {
      for (const args of all) await refused(args, /newer Slipway \(format 2\)\. \[E_NEWER_FORMAT\]/);
    }));
  it('keeps keys that this version does not know', async () => {
    box.write(file, `${box.read(file)}later:\n  - kept\n`);
    await box.engineProgram(['rm', '-f', 'sick-cli-1']);
    await box.ok(['task', 'restart', 'sick', '1']);
    expect(box.read(file)).toContain('later:\n  - kept\n');
  });
  it('a link in its place leads nowhere: what it points at is not written', async () => {
    const text = box.read(file);
    const target = box.write('elsewhere.yml', text);
    rmSync(box.path(file));
    symlinkSync(target, box.path(file));
    await box.engineProgram(['rm', '-f', 'sick-cli-1']);
    await box.ok(['task', 'restart', 'sick', '1']);
    expect(readFileSync(target, 'utf8')).toBe(text);
  });
});

describe('what Slipway keeps for itself', () => {
  it.each(['', '{"form', '[]', 'null', '{"format":1,"last":-1}', '{"format":1,"last":"7"}'])(
    'the counter of task ids holds %j: no id is given out, everything else works',
    (content) =>
      whileSpoiled('state/task-ids/sick.json', content, async () => {
        await refused(['task', 'new', 'sick'], /task-ids\/sick\.json does not hold the last task id\. \[E_BAD_FILE\]/);
        await box.ok(['task', 'status', 'sick', '1']);
        await othersWork();
      }),
  );
  it.each(['', '{"id', 'null', '{"format":1,"id":""}'])('install.json holds %j: hands off, and it stays', (content) =>
    whileSpoiled('state/install.json', content, async () => {
      const before = (await box.container('sick-cli-1'))?.id;
      for (const verb of ['stop', 'restart', 'status', 'run-cli'])
        await refused(['task', verb, 'sick', '1'], /install\.json cannot be read as an install record\. \[E_BAD_FILE\]/);
      await refused(['task', 'delete', '--yes', 'sick', '1'], /\[E_BAD_FILE\]/);
      expect((await box.container('sick-cli-1'))?.id).toBe(before);
      await box.ok(['project', 'list']);
    }),
  );
  it.each(['', '{', 'null', '[]', '{"format":2}', '{"format":2,"tasks":null}', '{"format":2,"tasks":{"1":null}}', '{"format":9,"tasks":{}}'])(
    'the cache holds %j: lists are right',
    async (content) => {
      for (let made = 0; made < 6; made++) await box.ok(['task', 'new', 'sick']);
      const before = await box.json(['task', 'list', 'sick']);
      box.write('cache/task-index/sick.json', content);
      expect(await box.json(['task', 'list', 'sick'])).toEqual(before);
      for (const { id } of (before as readonly { readonly id: string }[]).slice(-6)) await box.ok(['task', 'delete', '--yes', 'sick', id]);
    },
  );
  it('engine.json that names no engine is told, and stays', async () => {
    const file = box.write('state/engine.json', '{"kind":"dock');
    const end = await box.slipway(['build', 'sick'], { env: { SLIPWAY_ENGINE: '' } });
    expect([end.exitCode, readFileSync(file, 'utf8')]).toEqual([1, '{"kind":"dock']);
    expect(end.stderr).toMatch(/engine\.json does not name an engine\. \[E_BAD_FILE\]/);
    rmSync(file);
  });
  it('a journal with lines that are none still tells the rest', async () => {
    const month = `state/journal/${new Date().toISOString().slice(0, 7)}.jsonl`;
    const before = await box.json<readonly unknown[]>(['journal', '--last', '1000']);
    box.write(month, `{"format":1,"type":"beg\n${box.read(month)}nonsense\n`);
    const text = box.read(month);
    expect(await box.json(['journal', '--last', '1000'])).toEqual(before);
    expect(box.read(month)).toBe(text);
  });
});

it('reading commands touch nothing', async () => {
  await box.ok(['task', 'list']);
  const before = snapshot(box);
  for (const args of [
    ['task', 'list'],
    ['task', 'status', 'sick', '1'],
    ['project', 'list'],
    ['project', 'show', 'sick'],
    ['journal'],
    ['image', 'list'],
    ['build', 'sick', '--dry-run'],
    ['task', 'delete', 'sick', '1', '--dry-run'],
  ]) {
    await box.ok(args);
    expect([args, snapshot(box)]).toEqual([args, before]);
  }
});
