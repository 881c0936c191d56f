import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { lab } from '../lab.ts';
import type { Setting } from './setting.ts';

export function imagesContract({ engine, labels, name, create, start, tiny }: Setting): void {
  const { images } = engine;
  const label = `LABEL ${Object.entries(labels)[0]?.join('=')}`;
  const made = async (tag: string, changes: readonly string[] = []) =>
    images.import(createReadStream(lab.archives.tiny), tag, { changes: [label, ...changes] });

  test('import makes a runnable image, with the changes asked for', async () => {
    const tag = `${name()}:1`;
    const id = await made(tag, ['CMD ["sh","-c","exit 4"]', 'ENV A=b', 'WORKDIR /tmp']);
    expect(await images.inspect(tag)).toMatchObject({
      id,
      tags: [tag],
      labels,
      os: 'linux',
      command: ['sh', '-c', 'exit 4'],
      env: expect.arrayContaining(['A=b']) as unknown,
      workingDir: '/tmp',
      hasHealthcheck: false,
    });
    expect(await images.inspect(id)).toMatchObject({ id });
    const container = await engine.containers.create({ name: name(), image: tag, labels, network: 'none' });
    await engine.containers.start(container);
    expect(await engine.containers.wait(container)).toEqual({ exitCode: 4 });
  });

  test('nobody of that name is undefined to look at, false to remove, E_NO_IMAGE to use', async () => {
    const nobody = `${name()}:1`;
    expect(await images.inspect(nobody)).toBeUndefined();
    expect(await images.remove(nobody)).toBe(false);
    await expect(images.tag(nobody, `${name()}:2`)).rejects.toMatchObject({ code: 'E_NO_IMAGE' });
    await expect(images.save([nobody])).rejects.toMatchObject({ code: 'E_NO_IMAGE' });
  });

  test('names are the ones that a person typed, with and without a registry', async () => {
    const short = `${name()}:1`;
    const nested = `someone/${short}`;
    const elsewhere = `registry.example:5000/team/${short}`;
    const id = await made(short);
    for (const tag of [nested, elsewhere]) await images.tag(short, tag);
    expect([...((await images.inspect(id))?.tags ?? [])].sort()).toEqual([short, nested, elsewhere].sort());
    for (const tag of [short, nested, elsewhere]) expect((await images.inspect(tag))?.id).toBe(id);
    expect((await images.list({ labels })).find((image) => image.id === id)).toMatchObject({ labels });
    expect(await images.remove(nested)).toBe(true);
    expect(await images.inspect(nested)).toBeUndefined();
    expect((await images.inspect(short))?.id).toBe(id);
    expect(await images.remove(short)).toBe(true);
    expect(await images.remove(elsewhere)).toBe(true);
    expect(await images.inspect(id)).toBeUndefined();
  });

  test('list by label and by reference', async () => {
    const tag = `${name()}:1`;
    const id = await made(tag);
    expect((await images.list({ labels })).map((image) => image.id)).toContain(id);
    expect(await images.list({ reference: tag })).toMatchObject([{ id, tags: [tag], labels }]);
    expect(await images.list({ reference: `${name()}:1` })).toEqual([]);
    expect(await images.list({ labels: { 'slipway-contract': 'nobody' } })).toEqual([]);
  });

  test('one that a container needs is E_IN_USE', async () => {
    const tag = `${name()}:1`;
    await made(tag);
    const container = await create({ image: tag });
    await expect(images.remove(tag)).rejects.toMatchObject({ code: 'E_IN_USE' });
    expect(await images.inspect(tag)).toBeDefined();
    await engine.containers.remove(container);
    expect(await images.remove(tag)).toBe(true);
  });

  test('save and load carry an image away and back, by name', async () => {
    const one = `${name()}:1`;
    const two = `${name()}:2`;
    const ids = [await made(one), await made(two, ['ENV TWO=2'])];
    const chunks: Buffer[] = [];
    for await (const chunk of await images.save([one, two])) chunks.push(chunk as Buffer);
    for (const tag of [one, two]) await images.remove(tag);
    expect([...(await images.load(Readable.from(chunks)))].sort()).toEqual([one, two].sort());
    expect([(await images.inspect(one))?.id, (await images.inspect(two))?.id]).toEqual(ids);
    expect((await engine.containers.inspect(await start({ image: one })))?.image).toBe(one);
  });

  test('what is no archive is refused, and nothing stays', async () => {
    await expect(images.load(Readable.from([Buffer.from('this is no archive')]))).rejects.toMatchObject({ code: 'E_ENGINE' });
    const tag = `${name()}:1`;
    await expect(images.import(Readable.from([Buffer.from('neither is this, by any means'.repeat(100))]), tag)).rejects.toMatchObject({ code: 'E_ENGINE' });
    expect(await images.inspect(tag)).toBeUndefined();
  });

  test('an archive whose source breaks off is an error, not half an image', async () => {
    const tag = `${name()}:1`;
    const broken = Readable.from(
      (async function* () {
        yield Buffer.alloc(100_000);
        throw new Error('disk gone');
      })(),
    );
    await expect(images.import(broken, tag)).rejects.toMatchObject({ code: 'E_STREAM', message: expect.stringContaining('disk gone') as unknown });
    expect(await images.inspect(tag)).toBeUndefined();
  });

  test('a pull of what is not to be had says whether the registry answered', async () => {
    await expect(images.pull('127.0.0.1:9/nobody/home:1')).rejects.toMatchObject({ code: 'E_REGISTRY_UNREACHABLE' });
    expect((await images.inspect(tiny))?.tags).toContain(tiny);
  });
}
