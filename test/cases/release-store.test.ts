import { appendFileSync, chmodSync, existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/app/create-app.ts';
import { pruneReleases } from '../../src/index.ts';
import { loadRelease, releaseTag } from '../../src/instances/releases/load.ts';
import { readRelease } from '../../src/instances/releases/store.ts';
import { connectLab, engines, uniqueName } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { plainService as plain, type ReleaseJson, ServiceRepository } from '../service-repository.ts';

describe.each(engines)('$name', (lab) => {
  let box: Sandbox;
  const built = async (repository: ServiceRepository, version: string) =>
    JSON.parse(await box.ok(['release', 'build', version, '--json'], { cwd: repository.path })) as ReleaseJson;
  const folders = (service: string) => (existsSync(box.path('state/releases', service)) ? readdirSync(box.path('state/releases', service)) : []);

  beforeAll(() => {
    box = new Sandbox(lab);
  });
  afterAll(() => box.dispose());

  it('verify tells what is not what was built', async () => {
    const checked = await ServiceRepository.make(box, 'checked', plain('one'), 'v1');
    const { directory } = await built(checked, 'v1');
    const only = async () => {
      const end = await box.slipway(['release', 'verify', 'checked', 'v1', '--json']);
      return [end.exitCode, (JSON.parse(end.stdout) as readonly { readonly problems: readonly string[] }[])[0]?.problems];
    };
    expect(await only()).toEqual([0, []]);
    const start = join(directory, 'files/bin/start');
    const text = readFileSync(start);
    chmodSync(start, 0o644);
    writeFileSync(start, 'other\n');
    expect(await only()).toEqual([1, ['files/bin/start is not what was built: its checksum differs']]);
    writeFileSync(start, text);
    box.write('state/releases/checked/v1/files/bin/more', '');
    expect(await only()).toEqual([1, ['files/bin/more was not built: the manifest does not name it']]);
    await box.as(['rm', join(directory, 'files/bin/more'), '-f', start]);
    expect(await only()).toEqual([1, ['files/bin/start is missing']]);
    writeFileSync(start, text);
    const archive = join(directory, 'image.tar');
    chmodSync(archive, 0o644);
    truncateSync(archive, statSync(archive).size - 4096);
    expect((await only())[0]).toBe(1);
    appendFileSync(join(directory, 'manifest.yml'), 'x');
    const end = await box.slipway(['release', 'build', 'checked', 'v1']);
    expect([end.exitCode, end.stderr]).toEqual([1, expect.stringContaining('[E_RELEASE_BROKEN]')]);
    expect(await box.ok(['release', 'list', 'checked'])).toContain('broken');
    await box.as(['rm', '-rf', directory]);
  });

  it('its image is the same on every engine that it is loaded into, and goes from all of them with it', async () => {
    const service = uniqueName('web');
    const { image_digest: digest } = await built(await ServiceRepository.make(box, service, plain('one'), 'v1'), 'v1');
    const out = { progress() {}, note() {}, warn() {}, raw() {} };
    const app = createApp({ env: box.env(), out, signal: new AbortController().signal });
    const others = engines.map(connectLab);
    try {
      const release = await readRelease(app.paths, { service, version: 'v1' });
      for (const engine of others) {
        expect(await loadRelease(app, engine, release)).toMatchObject({ id: digest, tags: [releaseTag(release)] });
        // Once more is nothing more.
        expect((await loadRelease(app, engine, release)).id).toBe(digest);
      }
      await pruneReleases(app, 0);
      for (const engine of others)
        expect([await engine.images.inspect(releaseTag(release)), await engine.images.inspect(digest)]).toEqual([undefined, undefined]);
      expect(folders(service)).toEqual([]);
    } finally {
      for (const engine of others) engine.close();
      app.close();
    }
  });

  it('prune keeps the newest, and what instances use or could go back to', async () => {
    // Names of images are seen by everybody on the engine.
    const service = uniqueName('many');
    const many = await ServiceRepository.make(box, service, plain('0'));
    const versions = ['v1', 'v2', 'v3', 'v4', 'v5'];
    const releases: ReleaseJson[] = [];
    for (const version of versions) {
      await many.version(version, plain(version));
      releases.push(await built(many, version));
    }
    const digest = (version: string) => releases[versions.indexOf(version)]?.image_digest ?? '';
    const history = (version: string, outcome: string) =>
      `${JSON.stringify({ version, image_digest: digest(version), updated_at: '2026-11-21T09:30:00.000Z', updated_by: 'ada', outcome })}\n`;
    box.write(
      'state/instances/many/config.yml',
      `service: ${service}\nversion: v3\nport: 9999\nengine: { kind: ${lab.kind}, endpoint: "${lab.endpoint}", identity: x }\n`,
    );
    box.write('state/instances/many/.version-history', history('v1', 'created') + history('v2', 'update-failed') + history('v3', 'updated'));
    /** Versions whose image has a name on the engine. */
    const named = async () => {
      const found = await Promise.all(releases.map((release) => box.engine.images.inspect(releaseTag(release))));
      return versions.filter((_, index) => found[index] !== undefined);
    };
    expect(await named()).toEqual(versions);

    const refused = await box.slipway(['release', 'prune', '--keep', '1']);
    expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining('--yes')]);
    const dry = await box.ok(['release', 'prune', '--keep', '1', '--dry-run']);
    expect(dry).toContain(`- Remove release v2 of ${service}`);
    expect(folders(service).sort()).toEqual(versions);

    const said = await box.ok(['release', 'prune', '--keep', '1', '--yes']);
    expect(folders(service).sort()).toEqual(['v1', 'v3', 'v5']);
    expect(said).toContain(`Removed ${service} v4, ${service} v2.`);
    expect(said).toContain(`Kept ${service} v3: many uses it.`);
    expect(said).toContain(`Kept ${service} v1: many could go back to it.`);
    expect(await named()).toEqual(['v1', 'v3', 'v5']);
    expect(await box.ok(['release', 'list', service])).toMatch(/v1 .*many \(can go back to it\)/);

    // What cannot be read may use anything.
    box.write('state/instances/many/config.yml', `service: ${service}\nversoin: v3\n`);
    const unreadable = await box.slipway(['release', 'prune', '--keep', '0', '--yes']);
    expect([unreadable.exitCode, unreadable.stderr]).toEqual([1, expect.stringContaining('[E_BAD_FILE]')]);
    expect(folders(service).sort()).toEqual(['v1', 'v3', 'v5']);
    const listed = await box.slipway(['release', 'list', service]);
    expect([listed.exitCode, listed.stderr]).toEqual([0, expect.stringContaining('whether this instance uses a release is not known')]);
    await box.as(['rm', '-rf', box.path('state/instances')]);
    await box.ok(['release', 'prune', '--keep', '0', '--yes']);
    expect([folders(service), await named()]).toEqual([[], []]);
  }, 180_000);
});
