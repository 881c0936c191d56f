import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { extract, pack } from 'tar-stream';
import type { Setting } from './setting.ts';

export function resourcesContract({ engine, labels, name, create, start, exec }: Setting): void {
  const { volumes, networks, containers } = engine;

  test('a volume outlives its container', async () => {
    const called = name();
    expect(await volumes.inspect(called)).toBeUndefined();
    expect(await volumes.create(called, { labels })).toMatchObject({ name: called, labels });
    expect(await volumes.create(called, { labels })).toMatchObject({ name: called });
    const mounts = [{ type: 'volume', source: called, target: '/data' }] as const;
    const one = await start({ mounts });
    expect((await containers.inspect(one))?.mounts).toEqual(mounts);
    await exec(one, { command: ['sh', '-c', 'echo kept > /data/file'] });
    await containers.remove(one, { force: true });
    const two = await start({ mounts: [{ ...mounts[0], readOnly: true }] });
    expect(await exec(two, { command: ['sh', '-c', 'cat /data/file; touch /data/x'] })).toMatchObject({ exitCode: 1, stdout: 'kept\n' });
    await expect(volumes.remove(called)).rejects.toMatchObject({ code: 'E_IN_USE' });
    await containers.remove(two, { force: true });
    expect((await volumes.list({ labels })).map((volume) => volume.name)).toContain(called);
    expect(await volumes.remove(called)).toBe(true);
    expect(await volumes.remove(called)).toBe(false);
  });

  test('networks: create once, connect, find each other by alias, remove', async () => {
    const called = name();
    expect(await networks.inspect(called)).toBeUndefined();
    const id = await networks.create(called, { labels });
    await expect(networks.create(called, { labels })).rejects.toMatchObject({ code: 'E_NAME_TAKEN' });
    const details = await networks.inspect(called);
    expect(details).toMatchObject({ id, name: called, labels });
    expect(details?.subnets[0]?.subnet).toMatch(/^\d+\.\d+\.\d+\.\d+\/\d+$/);
    expect((await networks.list({ labels })).map((network) => network.name)).toContain(called);
    const container = await start({ network: called });
    expect((await containers.inspect(container))?.networks[called]?.address).toMatch(/^\d+\./);
    await expect(networks.remove(called)).rejects.toMatchObject({ code: 'E_IN_USE' });
    const second = name();
    await networks.create(second, { labels });
    await networks.connect(second, container, { aliases: ['nickname'] });
    expect(Object.keys((await containers.inspect(container))?.networks ?? {}).sort()).toEqual([called, second].sort());
    await networks.disconnect(second, container);
    expect(Object.keys((await containers.inspect(container))?.networks ?? {})).toEqual([called]);
    expect(await networks.remove(second)).toBe(true);
    await containers.remove(container, { force: true });
    expect(await networks.remove(called)).toBe(true);
    expect(await networks.remove(called)).toBe(false);
  });

  test('volumes and networks are found by all of several labels', async () => {
    const [called, other] = [name(), name()];
    const both = { [`one-${called}`]: 'yes', [`two-${called}`]: 'yes' };
    await volumes.create(called, { labels: { ...labels, ...both } });
    await volumes.create(other, { labels: { ...labels, [`one-${called}`]: 'yes' } });
    await networks.create(called, { labels: { ...labels, ...both } });
    await networks.create(other, { labels: { ...labels, [`one-${called}`]: 'yes' } });
    expect((await volumes.list({ labels: both })).map((volume) => volume.name)).toEqual([called]);
    expect((await networks.list({ labels: both })).map((network) => network.name)).toEqual([called]);
  });

  test('archives go into and out of a container that does not run', async () => {
    const id = await create();
    await containers.archiveIn(id, '/tmp', tarOf('note', 'in\n'));
    const out = await containers.archiveOut(id, '/tmp/note');
    expect(out).toBeDefined();
    const chunks: Buffer[] = [];
    for await (const chunk of out as Readable) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    expect(bytes.subarray(0, 4).toString()).toBe('note');
    expect(bytes.includes('in\n')).toBe(true);
    await containers.start(id);
    expect((await exec(id, { command: ['cat', '/tmp/note'] })).stdout).toBe('in\n');
    await exec(id, { command: ['sh', '-c', 'ln -s ../etc /tmp/folder; ln -s nowhere /tmp/broken'] });
    for (const [link, to] of [
      ['/tmp/folder', '../etc'],
      ['/tmp/broken', 'nowhere'],
    ] as const) {
      const entries = extract();
      (await containers.archiveOut(id, link))?.pipe(entries);
      const headers: unknown[] = [];
      for await (const entry of entries) {
        headers.push(entry.header);
        entry.resume();
      }
      expect(headers).toEqual([expect.objectContaining({ name: link.slice('/tmp/'.length), type: 'symlink', linkname: to })]);
    }
    expect(await containers.archiveOut(id, '/no/such/path')).toBeUndefined();
    await expect(containers.archiveIn(id, '/no/such/path', tarOf('note', 'in\n'))).rejects.toMatchObject({ code: 'E_NO_SUCH' });
  });
}

function tarOf(file: string, text: string): Readable {
  const archive = pack();
  archive.entry({ name: file }, text);
  archive.finalize();
  return Readable.from(archive);
}
