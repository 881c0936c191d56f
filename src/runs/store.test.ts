import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Paths, runDir } from '../state/paths.ts';
import { EventLog, readEvents } from './events.ts';
import type { RunRecord } from './model.ts';
import { openRuns, removeOpenRun, writeOpenRun } from './open-runs.ts';
import { findRun, listRuns, readContainerRecord, readOutcome, readRun, writeContainerRecord, writeOutcome, writeRun } from './store.ts';

let root: string;
let paths: Paths;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slipway-runs-'));
  paths = { config: join(root, 'config'), state: join(root, 'state'), cache: join(root, 'cache') };
});
afterEach(() => rmSync(root, { recursive: true }));

const record = (repository: string, id: string): RunRecord => ({
  id,
  repository,
  createdAt: '2026-11-21T03:53:12.000Z',
  source: { repository: '/src/it', revision: 'HEAD', commit: 'c0ffee', dirty: false },
  engine: { kind: 'podman', endpoint: 'unix:///run/podman.sock', identity: 'one' },
  timeoutSeconds: 90,
  keep: false,
  supersede: true,
});
const first = '20261121t035312-9f2c41d0';
const second = '20261121t035313-0a1b2c3d';

describe('a record', () => {
  it('is read as it was written', async () => {
    await writeRun(paths, record('shop', first));
    expect(await readRun(paths, { repository: 'shop', run: first })).toEqual(record('shop', first));
    expect(await readOutcome(paths, { repository: 'shop', run: first })).toBeUndefined();
  });

  it('that is broken, missing or of a newer format is told as such', async () => {
    const ref = { repository: 'shop', run: first };
    await expect(readRun(paths, ref)).rejects.toMatchObject({ code: 'E_NO_RUN' });
    mkdirSync(runDir(paths, 'shop', first), { recursive: true });
    writeFileSync(join(runDir(paths, 'shop', first), 'run.yml'), 'format: 1\nid: [\n');
    await expect(readRun(paths, ref)).rejects.toMatchObject({ code: 'E_BAD_FILE' });
    await writeRun(paths, record('shop', first));
    writeFileSync(join(runDir(paths, 'shop', first), 'outcome.json'), '{');
    await expect(readOutcome(paths, ref)).rejects.toMatchObject({ code: 'E_BAD_FILE' });
  });

  it('never leaves its folder, whatever is asked for', async () => {
    for (const run of ['..', '../../x', 'a/b', '']) await expect(readRun(paths, { repository: 'shop', run })).rejects.toMatchObject({ code: 'E_BAD_ID' });
    await expect(readRun(paths, { repository: '..', run: first })).rejects.toMatchObject({ code: 'E_BAD_ID' });
  });

  it('takes no events once they are closed, also where another file has got their number', async () => {
    const ref = { repository: 'shop', run: first };
    await writeRun(paths, record('shop', first));
    const events = await EventLog.open(paths, ref, () => new Date());
    events.write({ event: 'note', text: 'one' });
    events.close();
    const other = openSync(join(root, 'other'), 'w');
    expect(() => events.write({ event: 'note', text: 'late' })).toThrow('events.jsonl');
    closeSync(other);
    expect(readFileSync(join(root, 'other'), 'utf8')).toBe('');
    expect(await readEvents(paths, ref)).toMatchObject([{ event: 'note', text: 'one' }]);
  });

  it('of a container gets each key when it becomes known', async () => {
    const ref = { repository: 'shop', run: first };
    await writeContainerRecord(paths, ref, { imageTag: 'slipway-ci/shop:1' });
    await writeContainerRecord(paths, ref, { containerId: 'abc' });
    expect(await readContainerRecord(paths, ref)).toEqual({ imageTag: 'slipway-ci/shop:1', containerId: 'abc' });
  });

  it('of an outcome holds nothing but that', async () => {
    const outcome = { kind: 'timeout', message: 'Late.', retryable: true, evidence: { limit_seconds: 3 }, job: 'it', step: 2 } as const;
    await writeOutcome(paths, { repository: 'shop', run: first }, outcome);
    expect(await readOutcome(paths, { repository: 'shop', run: first })).toEqual(outcome);
  });
});

describe('a run', () => {
  beforeEach(async () => {
    await writeRun(paths, record('shop', first));
    await writeRun(paths, record('open', second));
  });

  it.each([
    ['latest', second],
    [first, first],
    ['20261121t035312', first],
    ['9f2c', first],
    ['0a1b', second],
  ])('is found by %s', async (text, run) => {
    expect((await findRun(paths, text)).run).toBe(run);
  });

  it('of the repository at hand goes first', async () => {
    expect((await findRun(paths, 'latest', 'shop')).run).toBe(first);
    expect((await findRun(paths, '20261121', 'shop')).run).toBe(first);
    expect((await findRun(paths, '0a1b', 'shop')).run).toBe(second);
  });

  it('that could be several, or none, is an error', async () => {
    await expect(findRun(paths, '20261121')).rejects.toMatchObject({ code: 'E_AMBIGUOUS_RUN' });
    for (const text of ['ffff', '../x', '', 'later']) await expect(findRun(paths, text)).rejects.toMatchObject({ code: 'E_NO_RUN' });
    await expect(findRun(paths, 'latest', 'other')).rejects.toMatchObject({ code: 'E_NO_RUN' });
  });

  it('that has not ended is on a list of its own, also of a repository called open', async () => {
    await writeOpenRun(paths, { repository: 'open', run: second, state: 'queued', ref: 'refs/heads/main' });
    await writeOpenRun(paths, { repository: 'shop', run: first, state: 'started' });
    expect(await openRuns(paths)).toEqual([
      { repository: 'shop', run: first, state: 'started' },
      { repository: 'open', run: second, state: 'queued', ref: 'refs/heads/main' },
    ]);
    expect((await listRuns(paths)).map(({ run }) => run)).toEqual([second, first]);
    await removeOpenRun(paths, { repository: 'open', run: second });
    expect(await openRuns(paths)).toHaveLength(1);
  });
});
