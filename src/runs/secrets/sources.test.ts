import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { Secret } from '../../state/secret.ts';
import { readSecrets, type SecretSource } from './sources.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));

const read = async (source: SecretSource, env: Readonly<Record<string, string>> = {}) =>
  (await readSecrets({ KEY: source }, ['KEY'], { env: { PATH: process.env['PATH'], ...env }, home: folder, folder, timeoutMs: 5000 })).get('KEY')?.reveal();

it('a secret shows itself to nobody', () => {
  const secret = new Secret('hunter2');
  expect([`${secret}`, JSON.stringify({ secret }), format('%s %o %j', secret, secret, secret), Object.keys(secret)]).toEqual([
    '***',
    '{"secret":"***"}',
    '*** *** "***"',
    [],
  ]);
  expect(secret.reveal()).toBe('hunter2');
});

it('comes from a variable as it is', async () => {
  expect(await read({ env: 'TOKEN' }, { TOKEN: ' two\nlines\n' })).toBe(' two\nlines\n');
});

it('comes from a file and from a command without the newline at the end', async () => {
  writeFileSync(join(folder, 'key'), 'line 1\nline 2\n');
  expect(await Promise.all([read({ file: 'key' }), read({ file: '~/key' }), read({ file: join(folder, 'key') })])).toEqual(Array(3).fill('line 1\nline 2'));
  expect(await read({ command: ['cat', 'key'] })).toBe('line 1\nline 2');
  expect(await read({ command: ['printf', '%s', '$HOME `id`'] })).toBe('$HOME `id`');
});

it.each<[SecretSource, string]>([
  [{ env: 'UNSET' }, 'the variable UNSET is not set'],
  [{ env: 'EMPTY' }, 'it is empty'],
  [{ file: 'missing' }, 'ENOENT'],
  [{ file: '.' }, 'is not a file'],
  [{ file: 'nul' }, 'NUL'],
  [{ file: 'large' }, 'larger than 64 KiB'],
  [{ command: ['sh', '-c', 'echo hunter2; echo hunter2 >&2; exit 3'] }, 'sh ended with 3'],
  [{ command: ['slipway-no-such-program'] }, 'slipway-no-such-program'],
  [{ command: ['yes'] }, 'yes did not end in'],
])('says why %j gives none, and shows no value', async (source, why) => {
  writeFileSync(join(folder, 'nul'), 'a\0b');
  writeFileSync(join(folder, 'large'), Buffer.alloc(70_000, 'x'));
  const settings = { KEY: source };
  const surroundings = { env: { PATH: process.env['PATH'], EMPTY: '' }, home: folder, folder, timeoutMs: 100 };
  const error = await readSecrets(settings, ['KEY'], surroundings).catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: 'E_NO_SECRET', message: expect.stringContaining(why) });
  expect(String(error)).not.toContain('hunter2');
});

it('names what is not configured', async () => {
  await expect(readSecrets({ KEY: { env: 'X' } }, ['KEY', 'A', 'B'], { env: {}, home: folder, folder })).rejects.toMatchObject({
    code: 'E_NO_SECRET',
    message: 'The secrets A, B are not configured.',
  });
});
