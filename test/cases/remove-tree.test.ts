import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseMountPoints } from '../../src/state/mount-points.ts';
import { removeTree } from '../../src/state/remove-tree.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'slipway-remove-'));
  chmodSync(home, 0o755);
});
afterEach(() => {
  spawnSync('umount', [join(home, 'tree/mounted')]);
  rmSync(home, { recursive: true, force: true });
});

const inHome = (path: string) => join(home, path);
function file(path: string, text = 'x'): void {
  mkdirSync(join(inHome(path), '..'), { recursive: true });
  writeFileSync(inHome(path), text);
}

describe('a tree', () => {
  test('is gone with everything in it, hidden and oddly named files too', async () => {
    file('tree/a/b/c.txt');
    file('tree/.git/objects/aa');
    file('tree/with blank\nand newline');
    writeFileSync(Buffer.concat([Buffer.from(`${home}/tree/`), Buffer.from([0xff, 0xfe, 0x2d])]), 'not UTF-8');
    spawnSync('mkfifo', [inHome('tree/pipe')]);
    await removeTree(inHome('tree'));
    expect(existsSync(inHome('tree'))).toBe(false);
  });

  test('that does not exist is fine; a file alone is removed', async () => {
    await removeTree(inHome('nothing'));
    await removeTree(inHome('nothing/below'));
    file('alone');
    await removeTree(inHome('alone'));
    expect(existsSync(inHome('alone'))).toBe(false);
  });

  test('leaves what its links point to', async () => {
    file('outside/kept.txt', 'kept');
    mkdirSync(inHome('tree/deep'), { recursive: true });
    symlinkSync('/', inHome('tree/root'));
    symlinkSync(inHome('outside'), inHome('tree/deep/folder'));
    symlinkSync(inHome('outside/kept.txt'), inHome('tree/file'));
    symlinkSync('nowhere', inHome('tree/dangling'));
    await removeTree(inHome('tree'));
    expect(existsSync(inHome('tree'))).toBe(false);
    expect(readFileSync(inHome('outside/kept.txt'), 'utf8')).toBe('kept');
  });

  test('that is a link itself is removed as a link, also with a slash behind it', async () => {
    file('outside/kept.txt');
    symlinkSync(inHome('outside'), inHome('link'));
    await removeTree(`${inHome('link')}/`);
    expect(() => lstatSync(inHome('link'))).toThrow('ENOENT');
    expect(existsSync(inHome('outside/kept.txt'))).toBe(true);
  });

  test('deeper than a path can name is removed', async () => {
    mkdirSync(inHome('tree'));
    const deep = spawnSync(
      process.execPath,
      [
        '-e',
        `for (let i = 0; i < 1000; i++) { require('fs').mkdirSync('level'); process.chdir('level'); if (i === 800) require('fs').writeFileSync('file', 'x'); }`,
      ],
      { cwd: inHome('tree') },
    );
    expect(deep.status).toBe(0);
    await removeTree(inHome('tree'));
    expect(existsSync(inHome('tree'))).toBe(false);
  });

  test('is not followed out of where a folder becomes a link meanwhile', async () => {
    file('outside/kept.txt');
    for (let i = 0; i < 400; i++) file(`tree/f${i}/x`);
    const swap = async () => {
      for (let i = 399; i >= 0; i -= 1) {
        try {
          renameSync(inHome(`tree/f${i}`), inHome(`moved${i}`));
          symlinkSync(inHome('outside'), inHome(`tree/f${i}`));
        } catch {
          // It was removed before.
        }
        if (i % 8 === 0) await new Promise(setImmediate);
      }
    };
    await Promise.all([removeTree(inHome('tree')), swap()]).catch(() => {});
    expect(existsSync(inHome('outside/kept.txt'))).toBe(true);
  });

  test('stays whole where the root of all files or a relative path is asked for', async () => {
    await expect(removeTree('/')).rejects.toThrow('not a tree to remove');
    await expect(removeTree('//.')).rejects.toThrow('not a tree to remove');
    await expect(removeTree('some/where')).rejects.toThrow('not a tree to remove');
  });

  test('stops between two files when it is told to', async () => {
    file('tree/a');
    await expect(removeTree(inHome('tree'), { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
    expect(existsSync(inHome('tree/a'))).toBe(true);
  });
});

describe('a mount point in a tree', () => {
  test('keeps all of it, and is named', async () => {
    file('outside/kept.txt');
    file('tree/a');
    mkdirSync(inHome('tree/mounted'));
    expect(spawnSync('mount', ['--bind', inHome('outside'), inHome('tree/mounted')]).status).toBe(0);
    await expect(removeTree(inHome('tree'))).rejects.toMatchObject({
      code: 'E_REMOVE_MOUNT',
      message: `Cannot remove ${inHome('tree')}: something is mounted at ${inHome('tree/mounted')}.`,
    });
    expect(existsSync(inHome('tree/a'))).toBe(true);
    expect(existsSync(inHome('outside/kept.txt'))).toBe(true);
  });

  test('is read from the system with its blanks', () => {
    expect(parseMountPoints('36 35 98:0 / /mnt/with\\040blank rw - ext4 /dev/root rw\n')).toEqual(['/mnt/with blank']);
  });
});

/** Rights do not bind root: the remover runs in a process of another user. */
describe('for a person who is not root', () => {
  async function removeAs(uid: number, path: string): Promise<{ code?: string; message?: string; detail?: string; hint?: string }> {
    const bundle = inHome('remove.mjs');
    await build({ entryPoints: ['src/state/remove-tree.ts'], bundle: true, platform: 'node', format: 'esm', outfile: bundle, logLevel: 'silent' });
    const script = `import { removeTree } from ${JSON.stringify(bundle)};
      const done = await removeTree(${JSON.stringify(path)}).then(() => ({}), ({ code, message, detail, hint }) => ({ code, message, detail, hint }));
      process.stdout.write(JSON.stringify(done));`;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { uid, gid: uid, encoding: 'utf8' });
    expect(child.stderr).toBe('');
    return JSON.parse(child.stdout);
  }

  test('folders that nobody may read or write are removed', async () => {
    chmodSync(home, 0o777);
    file('tree/go/pkg/mod/a.go');
    file('tree/closed/b');
    spawnSync('chown', ['-R', '4242:4242', inHome('tree')]);
    chmodSync(inHome('tree/go/pkg/mod/a.go'), 0o444);
    chmodSync(inHome('tree/go/pkg/mod'), 0o555);
    chmodSync(inHome('tree/closed'), 0o000);
    expect(await removeAs(4242, inHome('tree'))).toEqual({});
    expect(existsSync(inHome('tree'))).toBe(false);
  });

  test('files of another owner are named, and everything else is gone', async () => {
    chmodSync(home, 0o777);
    file('tree/mine/a');
    file('tree/theirs/made-by-root');
    spawnSync('chown', ['-R', '4242:4242', inHome('tree')]);
    chownSync(inHome('tree/theirs'), 0, 0);
    chownSync(inHome('tree/theirs/made-by-root'), 0, 0);
    const result = await removeAs(4242, inHome('tree'));
    expect(result).toMatchObject({
      code: 'E_REMOVE_FOREIGN',
      message: `Cannot remove ${inHome('tree/theirs/made-by-root')}: it, or its folder, belongs to another user.`,
    });
    expect(result.hint).toContain(`podman unshare rm -rf ${inHome('tree')}`);
    expect(existsSync(inHome('tree/mine'))).toBe(false);
    expect(existsSync(inHome('tree/theirs/made-by-root'))).toBe(true);
  });
});
