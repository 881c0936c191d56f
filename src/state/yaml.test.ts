import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SlipwayError } from '../errors.ts';
import { formatYaml, parseYaml, readYaml } from './yaml.ts';

const schema = v.strictObject({
  name: v.optional(v.string()),
  memory: v.optional(v.pipe(v.string(), v.regex(/^\d+g$/, 'expected a size such as 4g'))),
  default_agent: v.optional(v.string()),
  strict: v.optional(v.boolean()),
  level: v.optional(v.picklist(['standard', 'strict'])),
  agents: v.optional(v.array(v.string())),
  mounts: v.optional(v.array(v.strictObject({ source: v.string(), read_only: v.optional(v.boolean()) }))),
  env: v.optional(v.record(v.pipe(v.string(), v.regex(/^[A-Z]+$/, 'expected capitals')), v.string())),
  base: v.optional(
    v.union(
      [v.string(), v.strictObject({ bootstrap: v.picklist(['debian', 'ubuntu']), suite: v.string() })],
      'an image reference, or { bootstrap: debian, suite: bookworm }',
    ),
  ),
});

async function mistake(text: string): Promise<SlipwayError> {
  const error = await parseYaml('f.yml', text, schema).then(
    (value) => new Error(`parsed: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (error instanceof SlipwayError) return error;
  throw error;
}

describe('a good file', () => {
  test('is its value', async () => {
    expect(await parseYaml('f.yml', 'name: demo\nagents: [a, b]\nbase: { bootstrap: debian, suite: bookworm }\n', schema)).toEqual({
      name: 'demo',
      agents: ['a', 'b'],
      base: { bootstrap: 'debian', suite: 'bookworm' },
    });
  });

  test.each([
    ['empty', ''],
    ['only comments', '# nothing yet\n'],
    ['only a document mark', '---\n'],
    ['only a byte order mark', '\uFEFF'],
  ])('may be %s', async (_, text) => {
    expect(await parseYaml('f.yml', text, schema)).toEqual({});
  });

  test('may have a byte order mark and lines that end as on Windows', async () => {
    expect(await parseYaml('f.yml', '\uFEFFname: demo\r\nagents:\r\n  - a\r\n', schema)).toEqual({ name: 'demo', agents: ['a'] });
  });

  test('may repeat an anchor', async () => {
    expect(await parseYaml('f.yml', 'name: &n demo\ndefault_agent: *n\n', schema)).toEqual({ name: 'demo', default_agent: 'demo' });
  });

  test('is what formatYaml wrote', async () => {
    const value = { name: `${'long '.repeat(60)}end`, agents: ['yes', '1', 'null', '- x', '#', "it's"], env: { A: 'a\nb\n' } };
    expect(await parseYaml('f.yml', await formatYaml(value), schema)).toEqual(value);
  });
});

describe('a mistake is shown with its place, its line and what was expected', () => {
  test.each([
    // what, text, message, quoted line
    ['an unknown key near a known one', 'name: x\nagnets: [a]\n', 'f.yml:2:1: unknown key `agnets`: did you mean `agents`?', '  2 | agnets: [a]'],
    ['a key in another spelling', 'defaultAgent: x\n', 'f.yml:1:1: unknown key `defaultAgent`: did you mean `default_agent`?', '  1 | defaultAgent: x'],
    [
      'an unknown key in a list of maps',
      'mounts:\n  - source: /a\n    readonly: true\n',
      'f.yml:3:5: unknown key `mounts.0.readonly`: did you mean `read_only`?',
      '  3 |     readonly: true',
    ],
    [
      'an unknown key near nothing',
      'mounts:\n  - { source: /a, zzz: 1 }\n',
      'f.yml:2:19: unknown key `mounts.0.zzz`: known keys: source, read_only',
      '  2 |   - { source: /a, zzz: 1 }',
    ],
    [
      'a merge key',
      '<<: { name: x }\n',
      'f.yml:1:1: unknown key `<<`: known keys: name, memory, default_agent, strict, level, agents, mounts, env, base',
      '  1 | <<: { name: x }',
    ],
    ['a missing key', 'mounts:\n  - read_only: true\n', 'f.yml:2:5: `mounts.0.source` is missing: expected a text', '  2 |   - read_only: true'],
    ['a wrong type', 'strict: maybe\n', 'f.yml:1:9: `strict`: expected true or false, found "maybe"', '  1 | strict: maybe'],
    ['a number for a text', 'name: 12\n', 'f.yml:1:7: `name`: expected a text, found 12', '  1 | name: 12'],
    ['a text for a list', 'agents: claude\n', 'f.yml:1:9: `agents`: expected a list, found "claude"', '  1 | agents: claude'],
    ['a map for a list', 'agents: { a: 1 }\n', 'f.yml:1:9: `agents`: expected a list, found a map', '  1 | agents: { a: 1 }'],
    ['a list for a map', 'env: [A]\n', 'f.yml:1:6: `env`: expected a map, found a list', '  1 | env: [A]'],
    ['an empty list for a map', 'name: x\nenv: []\n', 'f.yml:2:6: `env`: expected a map, found a list', '  2 | env: []'],
    ['a wrong item', 'agents:\n  - a\n  - 7\n', 'f.yml:3:5: `agents.1`: expected a text, found 7', '  3 |   - 7'],
    ['a wrong value in a map', 'env:\n  A: 1\n', 'f.yml:2:6: `env.A`: expected a text, found 1', '  2 |   A: 1'],
    ['a wrong key in a map', 'env:\n  a-b: x\n', 'f.yml:2:3: `env.a-b`: expected capitals, found "a-b"', '  2 |   a-b: x'],
    ['a key without a value', 'agents:\nname: x\n', 'f.yml:1:1: `agents`: expected a list, found nothing', '  1 | agents:'],
    ['a choice', 'level: strikt\n', 'f.yml:1:8: `level`: expected standard or strict, found "strikt"', '  1 | level: strikt'],
    ['a value that its rule refuses', 'memory: lots\n', 'f.yml:1:9: `memory`: expected a size such as 4g, found "lots"', '  1 | memory: lots'],
    [
      'a union given neither shape',
      'base: [1]\n',
      'f.yml:1:7: `base`: expected an image reference, or { bootstrap: debian, suite: bookworm }, found a list',
      '  1 | base: [1]',
    ],
    [
      'a union whose map has an unknown key',
      'base: { bootstrap: debian, suite: x, suit: y }\n',
      'f.yml:1:38: unknown key `base.suit`: did you mean `suite`?',
      '  1 | base: { bootstrap: debian, suite: x, suit: y }',
    ],
    ['a union whose map lacks a key', 'base:\n  bootstrap: debian\n', 'f.yml:1:1: `base.suite` is missing: expected a text', '  1 | base:'],
    [
      'a union whose map holds a wrong value',
      'base:\n  bootstrap: arch\n  suite: x\n',
      'f.yml:2:14: `base.bootstrap`: expected debian or ubuntu, found "arch"',
      '  2 |   bootstrap: arch',
    ],
    ['a list at the top', '- a\n', 'f.yml:1:1: the file: expected a map, found a list', '  1 | - a'],
    ['a text at the top', 'hello\n', 'f.yml:1:1: the file: expected a map, found "hello"', '  1 | hello'],
    [
      'a key that stands twice',
      'name: a\nagents: []\nname: b\n',
      'f.yml:3:1: this key stands here for the second time: expected each key once',
      '  3 | name: b',
    ],
    ['a tab as indentation', 'mounts:\n\t- source: /a\n', 'f.yml:2:1: a tab as indentation: expected blanks', '  2 |  - source: /a'],
    ['two documents', 'name: a\n---\nname: b\n', 'f.yml:2:1: a second document begins here (`---`): expected one', '  2 | ---'],
    [
      'an alias without an anchor',
      'name: x\ndefault_agent: *who\n',
      'f.yml:2:16: `*who` names no anchor: expected `&who` before it',
      '  2 | default_agent: *who',
    ],
    ['a mistake in a file of Windows lines', 'name: x\r\nstrict: 1\r\n', 'f.yml:2:9: `strict`: expected true or false, found 1', '  2 | strict: 1'],
    ['a mistake behind a byte order mark', '\uFEFFnmae: x\n', 'f.yml:1:1: unknown key `nmae`: did you mean `name`?', '  1 | nmae: x'],
    [
      '`__proto__` as a key',
      '__proto__: { strict: true }\n',
      'f.yml:1:1: unknown key `__proto__`: known keys: name, memory, default_agent, strict, level, agents, mounts, env, base',
      '  1 | __proto__: { strict: true }',
    ],
  ])('%s', async (_, text, message, quoted) => {
    const error = await mistake(text);
    expect({ code: error.code, message: error.message, detail: error.detail }).toEqual({ code: 'E_BAD_FILE', message, detail: quoted });
    expect(error.hint).toBe('Mend the file; it was left as it is.');
  });

  test.each([
    ['an open quote', 'name: "x\n', /^f\.yml:\d+:\d+: .*closing/i],
    ['an open list', 'agents: [a\nname: b\n', /^f\.yml( has|:\d+:\d+: )/],
    ['wrong indentation', 'mounts:\n  - source: /a\n read_only: true\n', /^f\.yml( has|:\d+:\d+: )/],
    ['a tag', 'name: !!js/function x\n', /^f\.yml:1:7: Unresolved tag.*expected no tag/],
    ['a colon in a plain text', 'name: a: b\n', /^f\.yml:1:\d+: .*compact/i],
  ])('%s', async (_, text, message) => {
    const error = await mistake(text);
    expect(error.code).toBe('E_BAD_FILE');
    expect(error.message).toMatch(message);
    expect(error.detail).toMatch(/\d \| /);
  });

  test('several come in the order of the file', async () => {
    const error = await mistake('strict: 1\nagnets: []\nlevel: x\n');
    expect(error.message).toBe('f.yml has 3 mistakes.');
    expect(error.detail?.match(/^f\.yml:\d+/gm)).toEqual(['f.yml:1', 'f.yml:2', 'f.yml:3']);
  });

  test('a thousand are counted, twenty shown', async () => {
    const error = await mistake(`agents: [${'1, '.repeat(1000)}]\n`);
    expect(error.message).toBe('f.yml has 1000 mistakes.');
    expect(error.detail?.match(/^f\.yml:/gm)).toHaveLength(20);
    expect(error.detail).toMatch(/… and 980 more$/);
  });

  test('does not reach the terminal as control characters, and a password in an address stays hidden', async () => {
    const error = await mistake('name: [ "\u001b[2Jx", https://me:hunter2@example.org/x ]\n');
    expect(`${error.message}${error.detail}`).not.toContain('\u001b');
    expect(`${error.message}${error.detail}`).not.toContain('hunter2');
    expect(error.detail).toContain('https://me:***@example.org/x');
  });
});

describe('a hostile file', () => {
  test('of aliases that grow without end is refused at once', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, index) => `l${index}: &l${index} [${Array.from({ length: 10 }, () => (index === 0 ? 'x' : `*l${index - 1}`)).join(', ')}]`,
    );
    const started = performance.now();
    expect((await mistake(levels.join('\n'))).message).toBe('f.yml:1:1: repeats its anchors more than 100 times');
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test('nested deeper than the stack is refused', async () => {
    const error = await mistake(`agents: ${'['.repeat(20_000)}`);
    expect(error.code).toBe('E_BAD_FILE');
  });

  test('whose alias holds itself is refused', async () => {
    expect((await mistake('agents: &a [*a]\n')).code).toBe('E_BAD_FILE');
  });

  test('of any text is its value or a mistake with a place', async () => {
    const piece = fc.constantFrom(
      'name',
      'agents',
      'base',
      ': ',
      ' ',
      '\n',
      '  ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      ',',
      '"',
      "'",
      '&a ',
      '*a',
      '|',
      '>',
      '#',
      '\t',
      '!',
      '%',
      '---',
      '?',
      '\r',
      '\0',
      'é',
      '😀',
      '1',
      'true',
      '~',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        try {
          await parseYaml('f.yml', pieces.join(''), schema);
        } catch (error) {
          if (!(error instanceof SlipwayError) || error.code !== 'E_BAD_FILE') throw error;
          expect(`${error.message}\n${error.detail}`).toMatch(/f\.yml:\d+:\d+: \S/);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a file on disk', () => {
  let home: string;
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'slipway-yaml-'));
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  test('that is missing is undefined', async () => {
    expect(await readYaml(join(home, 'none.yml'), schema)).toBeUndefined();
    expect(await readYaml(join(home, 'none/f.yml'), schema)).toBeUndefined();
  });

  test('that is not UTF-8 is shown with the place of the first wrong byte', async () => {
    const file = join(home, 'latin1.yml');
    writeFileSync(file, Buffer.concat([Buffer.from('name: é\nagents: [a]\nlevel: caf'), Buffer.from([0xe9]), Buffer.from('\n')]));
    await expect(readYaml(file, schema)).rejects.toMatchObject({
      code: 'E_BAD_FILE',
      message: `${file}:3:11: expected UTF-8 text`,
      detail: '  3 | level: caf\uFFFD',
    });
    writeFileSync(file, Buffer.from('\uFEFFname: x', 'utf16le'));
    await expect(readYaml(file, schema)).rejects.toMatchObject({ message: `${file}:1:1: expected UTF-8 text` });
  });

  test('of five megabytes is refused without reading it', async () => {
    const file = join(home, 'large.yml');
    writeFileSync(file, 'name: x\n');
    truncateSync(file, 5_000_000);
    await expect(readYaml(file, schema)).rejects.toMatchObject({ code: 'E_BAD_FILE', message: `${file} is larger than 2 MiB.` });
    await expect(parseYaml('f.yml', `name: ${'x'.repeat(5_000_000)}`, schema)).rejects.toMatchObject({ code: 'E_BAD_FILE' });
  });

  test('that is a pipe or a folder is refused and does not block', async () => {
    const pipe = join(home, 'pipe.yml');
    spawnSync('mkfifo', [pipe]);
    await expect(readYaml(pipe, schema)).rejects.toMatchObject({ code: 'E_BAD_FILE', message: `${pipe} is not a regular file.` });
    mkdirSync(join(home, 'folder.yml'));
    await expect(readYaml(join(home, 'folder.yml'), schema)).rejects.toMatchObject({ code: 'E_BAD_FILE' });
  });
});
