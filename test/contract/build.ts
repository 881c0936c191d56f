import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packContext } from '../../src/engine/build-context.ts';
import { buildWithProgram } from '../../src/engine/build-program.ts';
import type { Programs } from '../../src/engine/programs.ts';
import { SlipwayError } from '../../src/errors.ts';
import { processes } from '../../src/host/process.ts';
import { withPinnedBase } from '../../src/images/from-base.ts';
import { collect, type Setting } from './setting.ts';

export function buildContract({ engine, labels, name, start, tiny, lab }: Setting): void {
  let context = '';
  beforeEach(async () => {
    context = await mkdtemp(join(tmpdir(), 'slipway-contract-'));
    await writeFile(join(context, 'hello'), 'hello\n');
    await writeFile(join(context, 'secret'), 'secret\n');
    await writeFile(join(context, '.dockerignore'), 'secret\n');
    await symlink('hello', join(context, 'link'));
  });
  afterEach(() => rm(context, { recursive: true, force: true }));
  const dockerfile = (...lines: readonly string[]) => writeFile(join(context, 'Dockerfile'), [`FROM ${tiny}`, ...lines, ''].join('\n'));
  const noProgram: Programs = {
    ...processes,
    run: () => Promise.reject(new SlipwayError('E_NO_PROGRAM', 'there is none')),
  };
  // The lab's Docker talks to a client of its own configuration; the engine's own environment must not matter.
  const ways: readonly (readonly [string, Programs])[] = [
    ['by the program', { ...processes, run: (argv, options) => processes.run(argv, { ...options, env: { ...options?.env, ...lab.env } }) }],
    ['through the API', noProgram],
  ];

  test.each(ways)('%s: context, arguments, labels, tags, health check', async (_, programs) => {
    await dockerfile('ARG WORD', 'COPY . /ctx/', 'RUN echo "$WORD" > /word', 'HEALTHCHECK CMD true', 'CMD cat /word /ctx/link; ls -A /ctx');
    const tags = [`${name()}:1`, `${name()}:2`];
    let progress = '';
    let pid = 0;
    const id = await buildWithProgram(engine, programs, {
      context,
      tags,
      labels,
      buildArgs: { WORD: 'a b' },
      network: 'none',
      onProgress: (text) => (progress += text),
      onStart: (started) => (pid = started),
    });
    expect(await engine.images.inspect(tags[0] ?? '')).toMatchObject({ id, labels, hasHealthcheck: true });
    expect((await engine.images.inspect(id))?.tags).toEqual(expect.arrayContaining(tags));
    expect(progress).toMatch(/step \d+\/\d+ ?:/i);
    expect(pid > 0).toBe(programs !== noProgram);
    const container = await engine.containers.create({ name: name(), image: id, labels, network: 'none' });
    await engine.containers.start(container);
    await engine.containers.wait(container);
    const listing = (await collect(engine.containers.logs(container))).stdout;
    expect(listing.split('\n').slice(0, 2)).toEqual(['a b', 'hello']);
    expect(listing).not.toMatch(/secret/);
    expect(listing).toMatch(/^link$/m);
  });

  test('a build keeps its base while another operation that built from the same image ends', async () => {
    const base = await engine.images.inspect(tiny);
    const id = base?.id ?? '';
    const built = await withPinnedBase(engine, name(), id, async (parent) => {
      await withPinnedBase(engine, name(), id, () => Promise.resolve());
      await writeFile(join(context, 'Dockerfile'), `FROM ${parent}\nCMD true\n`);
      return buildWithProgram(engine, ways[0]?.[1] ?? noProgram, { context, tags: [`${name()}:1`], labels, network: 'none' });
    });
    expect(await engine.images.inspect(built)).toMatchObject({ labels });
    expect((await engine.images.inspect(id))?.tags).toEqual(base?.tags);
  });

  test.each(ways)('%s: labels are on the last stage, whatever ends the Dockerfile', async (_, programs) => {
    for (const lines of [['RUN true \\'], [`FROM ${tiny}`, 'CMD echo last'], ['RUN true', '# a comment']]) {
      await dockerfile(...lines);
      const progress: string[] = [];
      const more = { 'io.example.build': '2026-11-21t08:00-x' };
      const id = await buildWithProgram(engine, programs, {
        context,
        labels: { ...labels, ...more },
        network: 'none',
        onProgress: (text) => progress.push(text),
      });
      expect((await engine.images.inspect(id))?.labels).toMatchObject({ ...labels, ...more });
      expect(progress.join('')).toContain('FROM');
    }
  });

  test.each(ways)('%s: a command that fails is E_IMAGE_BUILD with its last lines', async (_, programs) => {
    await dockerfile('RUN echo this is why; exit 3');
    const tag = `${name()}:1`;
    await expect(buildWithProgram(engine, programs, { context, tags: [tag], labels, network: 'none' })).rejects.toMatchObject({
      code: 'E_IMAGE_BUILD',
      detail: expect.stringContaining('this is why') as unknown,
    });
    expect(await engine.images.inspect(tag)).toBeUndefined();
  });

  // The moments are too short to be met: the first build ends as one did.
  const step = '1a685a86747eebd93cb49be56d461333cdad87f8e0e0dd94e65863e77230caf8';
  const cached = `STEP 2/3: RUN true\n--> Using cache ${step}\n--> ${step.slice(0, 11)}\n`;
  const endingOnce = (said: string) => {
    let builds = 0;
    const programs: Programs = {
      ...processes,
      run: async (argv, options) => {
        builds += 1;
        if (builds > 1) return (ways[0]?.[1] ?? processes).run(argv, options);
        options?.onStderr?.(Buffer.from(said));
        return { exitCode: 125, signal: undefined, stdout: '', stderr: '', timedOut: false, aborted: false };
      },
    };
    return buildWithProgram(engine, programs, { context, labels, network: 'none' });
  };

  test.each([
    [
      'a step that went from the cache while it was used',
      `${cached}Error: identifier is not a container: preparing container for next step: creating build container: reading image "${step}": locating image with ID "${step}": image not known\n`,
    ],
    [
      'a step whose container went with the image of another build',
      `${cached}STEP 3/3: COPY a /a\nError: deleting build container "0a98fba2a711": identifier is not a container: building at STEP "COPY a /a": checking on destination /merged/a: error in copier subprocess: changing to intended-new-root directory "/merged": chdir /merged: no such file or directory\n`,
    ],
    [
      'a step for which an image was looked up that went meanwhile',
      'STEP 2/3: RUN true\nError: checking if cached image exists from a previous build: getting top layer info: layer not known\n',
    ],
    ['a step that Podman itself has killed', 'STEP 2/3: RUN true\nError: building at STEP "RUN true": while running runtime: signal: killed\n'],
  ])('%s is built again', async (_, said) => {
    await dockerfile('RUN true');
    const id = await endingOnce(said);
    expect((await engine.images.inspect(id))?.labels).toMatchObject(labels);
  });

  test('a step that was never there is the failure of the build itself', async () => {
    await dockerfile('RUN true');
    await expect(endingOnce(`Error: reading image "${step}": image not known\n`)).rejects.toMatchObject({ code: 'E_IMAGE_BUILD' });
  });

  test('an abort ends the program and its group', async () => {
    await dockerfile('RUN echo began; sleep 60');
    const abort = new AbortController();
    const began = Date.now();
    let pid = 0;
    const [, programs] = ways[0] ?? ['', processes];
    const building = buildWithProgram(engine, programs, {
      context,
      labels,
      network: 'none',
      signal: abort.signal,
      onStart: (started) => (pid = started),
      onProgress: (text) => {
        if (/^began/m.test(text)) abort.abort();
      },
    });
    await expect(building).rejects.toMatchObject({ code: 'E_CANCELLED' });
    expect(Date.now() - began).toBeLessThan(20_000);
    expect(() => process.kill(-pid, 0)).toThrow(/ESRCH/);
  });

  test('FROM finds the image that was made here, by the short name that it was given', async () => {
    await dockerfile('RUN echo base > /base');
    const base = `${name()}:1`;
    await buildWithProgram(engine, ways[0]?.[1] ?? processes, { context, tags: [base], labels, network: 'none' });
    await writeFile(join(context, 'Dockerfile'), `FROM ${base}\nRUN cat /base\n`);
    const tag = `${name()}:1`;
    await buildWithProgram(engine, ways[0]?.[1] ?? processes, { context, tags: [tag], labels, network: 'none' });
    expect((await engine.containers.inspect(await start({ image: tag })))?.image).toBe(tag);
  });

  test('an image that only the builder has is E_BUILD_ELSEWHERE', async () => {
    await dockerfile();
    const elsewhere = { ...engine, images: { ...engine.images, inspect: () => Promise.resolve(undefined) } };
    await expect(buildWithProgram(elsewhere, ways[0]?.[1] ?? processes, { context, tags: [`${name()}:1`], labels })).rejects.toMatchObject({
      code: 'E_BUILD_ELSEWHERE',
    });
  });

  test('a context packs links as links and leaves ignored files out', async () => {
    await dockerfile();
    const { extract } = await import('tar-stream');
    const entries: Record<string, string> = {};
    const reader = extract();
    reader.on('entry', (header, stream, next) => {
      entries[header.name] = header.type;
      stream.on('end', () => next());
      stream.resume();
    });
    for await (const chunk of await packContext(context)) reader.write(chunk as Buffer);
    reader.end(undefined);
    expect(entries).toEqual({ Dockerfile: 'file', '.dockerignore': 'file', hello: 'file', link: 'symlink' });
  });
}
