import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/host/process.ts';
import { makeProject } from '../cases/project.ts';
import { engines } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { expectNothingLeft, filesUnder, journal, snapshot } from './kill.ts';

async function must(...argv: readonly string[]): Promise<string> {
  const end = await run(argv);
  if (end.exitCode !== 0) throw new Error(`${argv.join(' ')} ended with ${end.exitCode}: ${end.stderr}`);
  return end.stdout.trim();
}

/** A disk of 24 MB for the state directory. Engines that have a mount namespace of their own see it, too: workspaces are on it. */
class SmallDisk {
  readonly path: string;
  private readonly image: string;
  private readonly others: readonly string[];
  private device = '';

  constructor(path: string, image: string, namespaces: readonly number[]) {
    this.path = path;
    this.image = image;
    this.others = namespaces.map((pid) => `--mount=/proc/${pid}/ns/mnt`);
  }

  async mount(): Promise<void> {
    mkdirSync(this.path);
    await must('truncate', '-s', '24M', this.image);
    await must('mkfs.ext4', '-q', '-m', '0', this.image);
    this.device = await must('losetup', '--find', '--show', this.image);
    await must('mount', this.device, this.path);
    for (const other of this.others) await must('nsenter', other, '--', 'mount', this.device, this.path);
    rmSync(`${this.path}/lost+found`, { recursive: true });
  }

  async unmount(): Promise<void> {
    for (const other of this.others) await run(['nsenter', other, '--', 'umount', '--lazy', this.path]);
    await run(['umount', '--lazy', this.path]);
    if (this.device !== '') await run(['losetup', '--detach', this.device]);
  }

  /** Leaves not one block, or a few. */
  fill(leaveBytes = 0): void {
    const file = openSync(`${this.path}/ballast`, 'a');
    try {
      for (let size = 1 << 20; size >= 1024; size >>= 1) {
        while (statfsSync(this.path).bavail * statfsSync(this.path).bsize > leaveBytes + (leaveBytes === 0 ? 0 : size)) {
          if (!grow(file, size)) break;
        }
      }
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(`${this.path}/ballast`, { force: true });
  }
}

function grow(file: number, size: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(size)) > 0;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
}

describe.each(engines.filter(({ rootless }) => !rootless))('$name', (lab) => {
  let box: Sandbox;
  let disk: SmallDisk;
  beforeAll(async () => {
    box = new Sandbox(lab, { as: 'root' });
    disk = new SmallDisk(box.path('state'), box.path('disk.img'), lab.pids.mounts === undefined ? [] : [lab.pids.mounts]);
    await disk.mount();
    await makeProject(box, 'full');
  });
  afterEach(() => disk.free());
  afterAll(async () => {
    disk.free();
    // The containers go first: they hold the workspaces.
    const id = box.installId;
    if (id !== undefined)
      for (const container of await box.engine.containers.list({ labels: { 'io.slipway.install': id } }))
        await box.engine.containers.remove(container.id, { force: true });
    const install = readFileSync(box.path('state/install.json'));
    await disk.unmount();
    box.write('state/install.json', install.toString());
    await box.dispose();
  });

  const newRunning = async () => {
    const task = await box.ok(['task', 'new', 'full']);
    await box.ok(['task', 'run-cli', 'full', task]);
    return task;
  };
  const containers = async () =>
    (await box.engine.containers.list({ labels: { 'io.slipway.install': box.installId ?? '' } }))
      .map(({ id, name, state }) => `${id} ${name} ${state}`)
      .toSorted();
  const metadata = () => Object.entries(snapshot(box)).filter(([file]) => /^(config|state\/projects\/.*\.(yml|json)$|state\/install)/.test(file));

  it('each verb says that the disk is full, changes nothing, and works once there is space', async () => {
    const fresh = await box.ok(['task', 'new', 'full']);
    const stopped = await newRunning();
    await box.ok(['task', 'stop', 'full', stopped]);
    const running = await newRunning();
    const verbs: readonly (readonly string[])[] = [
      ['task', 'new', 'full'],
      ['task', 'start', 'full'],
      ['run', 'full', 'true'],
      ['task', 'run-cli', 'full', fresh],
      ['task', 'run-cli', 'full', stopped],
      ['task', 'stop', 'full', running],
      ['task', 'restart', 'full', stopped],
      ['task', 'restart', '--force', 'full', running],
      ['task', 'restart', '--recreate', 'full', running],
      ['task', 'delete', '--yes', 'full', running],
      ['project', 'delete', '--yes', 'full'],
      ['build', 'full', '--agents'],
      ['image', 'save', 'full:l2-cli', '-o', box.path('state/never.tar')],
      ['generate', 'full'],
    ];
    const before = [metadata(), await containers()];
    disk.fill();
    for (const args of verbs) {
      const what = args.join(' ');
      const end = await box.slipway(args);
      expect([what, end.exitCode, end.stderr]).toEqual([
        what,
        args[0] === 'run' ? 125 : 1,
        what === 'project delete --yes full' ? expect.stringMatching(/\[E_(DISK_FULL|PROJECT_HAS_TASKS)\]/) : expect.stringContaining('[E_DISK_FULL]'),
      ]);
      expect([what, metadata(), await containers()]).toEqual([what, ...before]);
    }
    // Reading works.
    for (const args of [
      ['task', 'list'],
      ['task', 'status', 'full', running],
      ['task', 'logs', 'full', running],
      ['project', 'list'],
      ['journal'],
      ['image', 'list'],
    ])
      await box.ok(args);
    await box.ok(['task', 'exec', 'full', running, 'true']);
    disk.free();
    await box.ok(['task', 'list']);
    await expectNothingLeft(box);
    for (const [verb, task] of [
      ['run-cli', fresh],
      ['restart', stopped],
      ['stop', running],
      ['restart', running],
    ] as const)
      await box.ok(['task', verb, 'full', task]);
    for (const task of [fresh, stopped, running]) await box.ok(['task', 'delete', '--yes', 'full', task]);
    expect((await journal(box)).map(({ outcome }) => outcome)).not.toContain('open');
  }, 400_000);

  it('full in the middle: whatever fits and whatever does not, nothing is half-made once there is space', async () => {
    for (const left of [4096, 8192, 12_288, 16_384, 24_576, 40_960]) {
      const task = await box.ok(['task', 'new', 'full']);
      disk.fill(left);
      const end = await box.slipway(['task', 'run-cli', 'full', task]);
      if (end.exitCode !== 0) expect([left, end.exitCode, end.stderr]).toEqual([left, 1, expect.stringContaining('[E_DISK_FULL]')]);
      await box.slipway(['task', 'status', 'full', task]);
      disk.free();
      await box.ok(['task', 'list']);
      await expectNothingLeft(box);
      await box.ok(['task', 'run-cli', 'full', task]);
      expect(box.read(`state/tasks/full/${task}/workspace/README.md`)).toBe('# full\n');
      await box.ok(['task', 'delete', '--yes', 'full', task]);
    }
    expect((await journal(box)).map(({ outcome }) => outcome)).not.toContain('open');
  }, 400_000);

  it('a repository that is larger than the disk: nothing of it stays, and the task works with another', async () => {
    box.write('repos/full/large', randomBytes(20_000_000).toString('latin1'));
    const git = (...args: readonly string[]) =>
      box.as(['git', '-C', box.path('repos/full'), '-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args]);
    await git('add', '-A');
    await git('commit', '-q', '-m', 'Large');
    const free = statfsSync(box.path('state')).bavail;
    const task = await box.ok(['task', 'new', 'full']);
    const end = await box.slipway(['task', 'run-cli', 'full', task], { timeoutMs: 170_000 });
    expect([end.exitCode, end.stderr]).toEqual([1, expect.stringContaining('[E_DISK_FULL]')]);
    await expectNothingLeft(box);
    expect(free - statfsSync(box.path('state')).bavail).toBeLessThan(64);
    expect(await box.json(['task', 'status', 'full', task])).toMatchObject({ state: 'created', mode: null });
    expect(filesUnder(box.path(`state/tasks/full/${task}`)).filter((file) => file.includes('large'))).toEqual([]);
    await git('reset', '-q', '--hard', 'HEAD~1');
    await git('reflog', 'expire', '--expire=now', '--all');
    await git('gc', '-q', '--prune=now');
    await box.ok(['task', 'run-cli', 'full', task]);
    expect([existsSync(box.path(`state/tasks/full/${task}/workspace/README.md`))]).toEqual([true]);
  }, 400_000);
});
