import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isThere } from './is-there.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-there-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a path', () => {
  it('is there as a file or a folder, and not where nothing is or a file is on the way', async () => {
    writeFileSync(join(folder, 'file'), '');
    const paths = [folder, join(folder, 'file'), join(folder, 'none'), join(folder, 'file', 'below')];
    for (const look of [lstat, stat]) expect(await Promise.all(paths.map((path) => isThere(path, look)))).toEqual([true, true, false, false]);
  });

  it('is there as a link that leads nowhere, unless links are followed', async () => {
    const link = join(folder, 'link');
    symlinkSync('none', link);
    expect([await isThere(link), await isThere(link, stat)]).toEqual([true, false]);
  });

  it('that cannot be looked at is not read as one where nothing is', async () => {
    const loop = join(folder, 'loop');
    symlinkSync('loop', loop);
    await expect(isThere(join(loop, 'below'))).rejects.toMatchObject({ code: 'E_STATE', cause: { code: 'ELOOP' } });
    await expect(isThere(loop, stat)).rejects.toMatchObject({ code: 'E_STATE', cause: { code: 'ELOOP' } });
    const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    await expect(isThere(loop, () => Promise.reject(denied))).rejects.toMatchObject({ code: 'E_STATE_PERMISSION', cause: denied });
  });
});
