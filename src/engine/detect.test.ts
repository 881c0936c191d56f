import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectionError, timeoutError } from './errors.ts';
import { type DetectOptions, detectEngine, listCandidates } from './detect.ts';
import type { Machine } from './machine.ts';
import type { EngineKind } from './model.ts';
import type { Programs } from './programs.ts';

type Answer = EngineKind | 'refuses' | 'forbids' | 'hangs';

interface Scene {
  readonly wanted?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly platform?: NodeJS.Platform;
  readonly programs?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly sockets?: Readonly<Record<string, Answer>>;
  /** What `podman …` prints. */
  readonly podman?: Readonly<Record<string, string>>;
}

function scene({
  wanted,
  env = {},
  uid = 1000,
  platform = 'linux',
  programs = [],
  files = {},
  sockets = {},
  podman = {},
}: Scene): DetectOptions & { readonly started: string[] } {
  const started: string[] = [];
  const answers: Record<string, Answer> = { ...sockets };
  const machine: Machine = {
    env,
    home: '/home/ann',
    uid,
    platform,
    readText: (path) => Promise.resolve(files[path]),
    hasProgram: (name) => Promise.resolve(programs.includes(name)),
  };
  const runner: Programs = {
    run: (argv) =>
      Promise.resolve({ exitCode: 0, signal: undefined, stdout: podman[argv.slice(1, 3).join(' ')] ?? '[]', stderr: '', timedOut: false, aborted: false }),
    openDuplex: () => {
      throw new Error('nobody asked by ssh');
    },
    startDetached: (argv) => {
      started.push(argv.join(' '));
      answers[argv.at(-1) ?? ''] = 'podman';
      return Promise.resolve(1);
    },
  };
  return {
    wanted,
    env,
    home: '/home/ann',
    machine,
    programs: runner,
    started,
    ask(endpoint) {
      const answer = answers[endpoint];
      if (answer === 'docker' || answer === 'podman') return Promise.resolve({ kind: answer });
      if (answer === 'hangs') return Promise.reject(timeoutError(endpoint, 'answer a ping', 3000));
      const code = answer === 'refuses' ? 'ECONNREFUSED' : answer === 'forbids' ? 'EACCES' : 'ENOENT';
      return Promise.reject(connectionError(endpoint, Object.assign(new Error(code), { code })));
    },
  };
}

const rootless = 'unix:///run/user/1000/podman/podman.sock';
const docker = 'unix:///var/run/docker.sock';
const rootful = 'unix:///run/podman/podman.sock';

test.each<[string, Scene, string]>([
  ['rootless Podman comes first', { sockets: { [rootless]: 'podman', [docker]: 'docker', [rootful]: 'podman' } }, rootless],
  ['then Docker', { sockets: { [docker]: 'docker', [rootful]: 'podman' } }, docker],
  ['then rootful Podman', { sockets: { [docker]: 'forbids', [rootful]: 'podman' } }, rootful],
  ['one that does not answer is passed over', { sockets: { [rootless]: 'refuses', [docker]: 'docker' } }, docker],
  ['one that hangs is passed over', { sockets: { [rootless]: 'hangs', [docker]: 'docker' } }, docker],
  [
    'DOCKER_HOST goes before the socket',
    { env: { DOCKER_HOST: 'tcp://far:2375' }, sockets: { 'tcp://far:2375': 'docker', [docker]: 'docker' } },
    'tcp://far:2375',
  ],
  [
    "Docker Desktop's socket",
    { platform: 'darwin', sockets: { 'unix:///home/ann/.docker/run/docker.sock': 'docker' } },
    'unix:///home/ann/.docker/run/docker.sock',
  ],
  ["rootless Docker's socket", { env: { XDG_RUNTIME_DIR: '/r' }, sockets: { 'unix:///r/docker.sock': 'docker' } }, 'unix:///r/docker.sock'],
  ['"docker" passes Podman over', { wanted: 'docker', sockets: { [rootless]: 'podman', [docker]: 'docker' } }, docker],
  ['"podman" passes Docker over', { wanted: 'podman', sockets: { [docker]: 'docker', [rootful]: 'podman' } }, rootful],
  ['"podman" finds the one that listens where Docker would', { wanted: 'podman', sockets: { [docker]: 'podman' } }, docker],
  [
    '"docker" is not fooled by it',
    { wanted: 'docker', env: { DOCKER_HOST: 'tcp://d:1' }, sockets: { [docker]: 'podman', 'tcp://d:1': 'docker' } },
    'tcp://d:1',
  ],
  ['a URL is taken as it is', { wanted: 'tcp://there:1', sockets: { 'tcp://there:1': 'podman', [rootless]: 'podman' } }, 'tcp://there:1'],
  [
    'podman machine',
    {
      platform: 'darwin',
      programs: ['podman'],
      podman: { 'machine inspect': JSON.stringify([{ Name: 'm', ConnectionInfo: { PodmanSocket: { Path: '/m.sock' } } }]) },
      sockets: { 'unix:///m.sock': 'podman' },
    },
    'unix:///m.sock',
  ],
])('%s', async (_, given, endpoint) => {
  const { chosen, why, candidates } = await detectEngine(scene(given));
  expect(chosen.endpoint).toBe(endpoint);
  expect(why).not.toBe('');
  expect(candidates.at(-1)).toMatchObject({ endpoint, state: 'answers' });
});

test("Docker's current context is found by its name's digest", async () => {
  const digest = createHash('sha256').update('work').digest('hex');
  const files = {
    '/home/ann/.docker/config.json': '{"currentContext":"work"}',
    [`/home/ann/.docker/contexts/meta/${digest}/meta.json`]: '{"Name":"work","Endpoints":{"docker":{"Host":"ssh://box"}}}',
  };
  const { chosen, why } = await detectEngine(scene({ files, sockets: { 'ssh://box': 'docker', [docker]: 'docker' } }));
  expect(chosen.endpoint).toBe('ssh://box');
  expect(why).toBe('Docker\'s context "work" is the first that answers');
});

test("a broken configuration of Docker's is no reason to find nothing", async () => {
  const { chosen } = await detectEngine(scene({ files: { '/home/ann/.docker/config.json': '{' }, sockets: { [docker]: 'docker' } }));
  expect(chosen.endpoint).toBe(docker);
});

test('a podman program without a socket is given a service, which ends by itself', async () => {
  const runtime = mkdtempSync(join(tmpdir(), 'slipway-detect-'));
  try {
    const options = scene({ env: { XDG_RUNTIME_DIR: runtime }, programs: ['podman'] });
    expect((await detectEngine(options)).chosen).toEqual({ kind: 'podman', endpoint: `unix://${runtime}/slipway/podman.sock` });
    expect(options.started).toEqual([`podman system service --time=600 unix://${runtime}/slipway/podman.sock`]);
  } finally {
    rmSync(runtime, { recursive: true, force: true });
  }
});

test.each<[string, Scene, string, string | RegExp]>([
  [
    'nothing installed, Debian',
    { files: { '/etc/os-release': 'ID=debian\n' } },
    'E_ENGINE_NONE',
    'sudo apt-get install -y podman uidmap slirp4netns fuse-overlayfs',
  ],
  [
    'nothing installed, a derivative',
    { files: { '/etc/os-release': 'ID=rocky\nID_LIKE="rhel centos fedora"\n' } },
    'E_ENGINE_NONE',
    'sudo dnf install -y podman',
  ],
  ['nothing installed, root on Alpine', { uid: 0, files: { '/etc/os-release': 'ID=alpine\n' } }, 'E_ENGINE_NONE', 'apk add podman'],
  ['nothing installed, unknown system', {}, 'E_ENGINE_NONE', 'https://podman.io/docs/installation'],
  ['only Docker wanted', { wanted: 'docker', files: { '/etc/os-release': 'ID=ubuntu\n' } }, 'E_ENGINE_NONE', 'sudo apt-get install -y docker.io'],
  ['Docker installed and stopped', { programs: ['dockerd', 'systemctl'] }, 'E_ENGINE_STOPPED', 'sudo systemctl enable --now docker'],
  ['a socket nobody listens on', { sockets: { [docker]: 'refuses' } }, 'E_ENGINE_STOPPED', /docker start$/],
  ['Docker without permission', { env: { USER: 'ann' }, sockets: { [docker]: 'forbids' } }, 'E_ENGINE_PERMISSION', /^sudo usermod -aG docker ann/],
  ['permission goes before stopped', { programs: ['dockerd'], sockets: { [rootless]: 'refuses', [docker]: 'forbids' } }, 'E_ENGINE_PERMISSION', /usermod/],
  ['a machine that is off', { platform: 'darwin', programs: ['podman'] }, 'E_ENGINE_STOPPED', 'podman machine start'],
  ['a URL where nobody is', { wanted: 'unix:///gone.sock' }, 'E_ENGINE_UNREACHABLE', /doctor/],
])('%s', async (_, given, code, hint) => {
  const hinted = typeof hint === 'string' ? hint : (expect.stringMatching(hint) as unknown);
  await expect(detectEngine(scene(given))).rejects.toMatchObject({ code, hint: hinted });
});

test('what is no address is refused before anybody is asked', async () => {
  const { ask: _, ...options } = scene({ wanted: 'dokcer' });
  await expect(detectEngine(options)).rejects.toMatchObject({ code: 'E_ENGINE_ENDPOINT' });
});

test('all places are listed with what each said', async () => {
  const candidates = await listCandidates(scene({ sockets: { [rootless]: 'refuses', [docker]: 'docker', [rootful]: 'forbids' } }));
  expect(candidates.map(({ endpoint, state }) => [endpoint, state])).toEqual([
    [rootless, 'not-running'],
    [docker, 'answers'],
    ['unix:///home/ann/.docker/desktop/docker.sock', 'absent'],
    ['unix:///home/ann/.docker/run/docker.sock', 'absent'],
    ['unix:///run/user/1000/docker.sock', 'absent'],
    [rootful, 'no-permission'],
  ]);
});

test('a podman program that could be started is listed, and not started', async () => {
  const options = scene({ programs: ['podman'] });
  expect((await listCandidates(options)).at(-1)).toMatchObject({ endpoint: 'unix:///run/user/1000/slipway/podman.sock', state: 'not-asked' });
  expect(options.started).toEqual([]);
});
