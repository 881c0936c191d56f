import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../lab.ts';
import { askService } from '../services.ts';
import { InstanceBox } from './instance-box.ts';

const serving = 'slipway-keeper';
const longName = `${'n'.repeat(120)}/${'m'.repeat(140)}`;

/** Users, modes, links, an empty folder, a pipe, names that are long or strange, and something big. */
const tree = `cd /data
mkdir -p empty a/b '${longName}'
echo hi > a/b/file; chown 1234:2345 a/b/file; chmod 640 a/b/file
ln -s b/file a/link; ln -s /nowhere a/dead; ln a/b/file a/hard
chown 33:33 empty; chmod 700 empty
echo x > '${longName}/file'; echo y > 'ü "quoted" name'
: > zero; mkfifo pipe; chmod 4755 a
head -c 3000000 /dev/urandom > big
touch -d '2020-01-02 03:04:05' a/b/file
chown 5000:5001 /data; chmod 2770 /data`;

/** All but the file that every start of the service adds to, and when the folder itself was changed. */
const listing = `cd /data
stat -c '%n %f %u:%g' .
find . -mindepth 1 ! -name starts -exec stat -c '%n %f %u:%g %h %Y' {} + | sort
find . -type f ! -name starts -exec sha256sum {} + | sort -k 2
find . -type l -exec ls -ln {} + | sed 's/.* \\.\\//.\\//' | sort`;

/** Data whose files belong to several users, of whom the person is none, is put back as it was. */
describe.each(engines)('$name', (lab) => {
  let box: InstanceBox;
  beforeAll(async () => {
    box = new InstanceBox(lab, 4);
    await box.service({ version: 'one' });
    await box.service({ version: 'two' });
    await box.service({ version: 'loses', behaviour: 'loses-data-unhealthy' });
    const config = box.write('keeper.yml', 'health: { http: /health, interval: 100ms, passes: 1, wait: 2s, soak: 0s }\n');
    await box.made('keeper', 'one', '--port', String(box.port), '--config', config);
  }, 300_000);
  afterAll(() => box.dispose(), 180_000);

  async function inside(script: string): Promise<string> {
    const session = await box.engine.containers.exec(serving, { command: ['sh', '-ec', script], user: 'root' });
    let text = '';
    for await (const { data } of session.output) text += data.toString('utf8');
    expect([await session.exitCode(), text]).toEqual([0, text]);
    return text;
  }

  it('after a version that lost it, on a service that runs and on one that is stopped', async () => {
    await inside(tree);
    const before = await inside(listing);
    expect(before.split('\n').length).toBeGreaterThan(15);
    for (const _ of ['readable by whoever may', 'once more']) {
      const end = await box.slipway(['instance', 'update', 'keeper', '--version', 'loses']);
      expect([end.exitCode, end.stderr]).toEqual([1, expect.stringContaining('Update failed, rolled back to')]);
      expect(await inside(listing)).toBe(before);
    }
    await box.ok(['instance', 'stop', 'keeper']);
    await box.ok(['instance', 'update', 'keeper', '--version', 'two']);
    await box.ok(['instance', 'start', 'keeper']);
    expect(await inside(listing)).toBe(before);
    expect((await askService(box.port, '/')).text).toBe('two');
  });
});
