import { expect, test } from 'vitest';
import { diagnose, type DoctorOptions } from './doctor.ts';
import type { Finding } from './finding.ts';
import { connectionError } from './errors.ts';
import type { EngineInfo, EngineKind } from './model.ts';

const base: EngineInfo = {
  kind: 'podman',
  endpoint: 'unix:///run/user/1000/podman/podman.sock',
  identity: 'x',
  version: '5.4.0',
  apiVersion: '1.41',
  rootless: true,
  locality: 'local',
  os: 'linux',
  arch: 'amd64',
  cgroupVersion: 2,
  cgroupDriver: 'systemd',
  storageDriver: 'overlay',
  storageRoot: '/home/ann/.local/share/containers/storage',
  runRoot: '/run/user/1000/containers',
  memoryBytes: 1,
  cpus: 1,
  ociRuntime: 'crun 1.14',
  warnings: [],
};

interface Scene {
  readonly info?: Partial<EngineInfo>;
  readonly files?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly freeGiB?: number;
  readonly tun?: 'ok' | 'missing' | 'denied';
  readonly registry?: boolean;
  readonly code?: string;
}

const ids = { '/etc/subuid': 'ann:100000:65536\n', '/etc/subgid': 'ann:100000:65536\n', '/proc/sys/kernel/keys/maxkeys': '20000\n' };

function scene({ info, files = ids, uid = 1000, freeGiB = 50, tun = 'ok', registry = true, code }: Scene): DoctorOptions {
  const env = { USER: 'ann', XDG_RUNTIME_DIR: '/run/user/1000' };
  const end = { exitCode: 0, signal: undefined, stdout: '[]', stderr: '', timedOut: false, aborted: false };
  return {
    env,
    home: '/home/ann',
    stateDirectory: '/home/ann/.local/share/slipway',
    machine: { env, home: '/home/ann', uid, platform: 'linux', readText: (path) => Promise.resolve(files[path]), hasProgram: () => Promise.resolve(false) },
    programs: {
      run: () => Promise.resolve(end),
      openDuplex: () => {
        throw new Error('nobody asked by ssh');
      },
      startDetached: () => Promise.resolve(1),
    },
    ask(endpoint): Promise<{ readonly kind: EngineKind }> {
      if (endpoint === base.endpoint && code === undefined) return Promise.resolve({ kind: 'podman' });
      const why = endpoint === base.endpoint ? (code ?? 'ENOENT') : 'ENOENT';
      return Promise.reject(connectionError(endpoint, Object.assign(new Error(why), { code: why })));
    },
    probes: {
      freeBytes: (path) => Promise.resolve(path.endsWith('slipway') ? undefined : freeGiB * 1024 ** 3),
      device: () => Promise.resolve(tun),
      reaches: () => Promise.resolve(registry),
      describe: () => Promise.resolve({ ...base, ...info }),
    },
  };
}

async function found(given: Scene): Promise<readonly Finding[]> {
  const { engines, machine } = await diagnose(scene(given));
  return [...engines.flatMap(({ findings }) => findings), ...machine];
}

test('a good machine has only good news, and says which engine is used and why', async () => {
  const diagnosis = await diagnose(scene({}));
  expect(diagnosis.chosen).toEqual({ kind: 'podman', endpoint: base.endpoint, why: "rootless Podman's socket is the first that answers" });
  expect(diagnosis.problem).toBeUndefined();
  expect((await found({})).map(({ level, code }) => [level, code])).toEqual([
    ['ok', 'engine'],
    ['ok', 'machine'],
    ['ok', 'registry'],
  ]);
});

test.each<[string, Scene, Finding['level'], string]>([
  ['no range of ids', { files: { ...ids, '/etc/subuid': 'bob:100000:65536\n' } }, 'error', 'no-subuid'],
  ['too small a range of ids', { files: { ...ids, '/etc/subgid': 'ann:100000:1000\n' } }, 'error', 'no-subuid'],
  ['hybrid cgroups with crun', { files: { ...ids, '/sys/fs/cgroup/unified/cgroup.procs': '' } }, 'error', 'hybrid-cgroups'],
  ['limits that root cannot raise', { uid: 0, files: { '/proc/self/status': 'CapEff:\t00000000a80425fb\n' } }, 'warn', 'fixed-limits'],
  ['no tunnel device', { tun: 'missing' }, 'warn', 'no-tun'],
  ['a tunnel device of root alone', { tun: 'denied' }, 'warn', 'no-tun'],
  ['a small quota of keys', { files: { ...ids, '/proc/sys/kernel/keys/maxkeys': '200\n' } }, 'info', 'keyring-quota'],
  ['a long run root', { info: { runRoot: `/run/${'x'.repeat(46)}` } }, 'error', 'long-runroot'],
  ['limits that are ignored', { info: { cgroupVersion: 1 } }, 'warn', 'limits-ignored'],
  ['an old version', { info: { version: '3.4.4' } }, 'warn', 'old-version'],
  ['an old Docker', { info: { kind: 'docker', version: '19.03.1' } }, 'warn', 'old-version'],
  ['little disk', { freeGiB: 3 }, 'warn', 'low-disk'],
  ['hardly any disk', { freeGiB: 0.5 }, 'error', 'low-disk'],
  ['no registry', { registry: false }, 'info', 'registry-unreachable'],
  ["the engine's own warnings", { info: { warnings: ['WARNING: No swap limit support'] } }, 'warn', 'engine-warning'],
  ['nobody listens', { code: 'ECONNREFUSED' }, 'warn', 'not-running'],
  ['no permission', { code: 'EACCES' }, 'warn', 'no-permission'],
])('%s', async (_, given, level, code) => {
  const finding = (await found(given)).find((one) => one.code === code);
  expect(finding).toMatchObject({ level, code });
  expect(finding?.message).not.toMatch(/undefined|NaN/);
});

test.each<[string, Scene]>([
  ['20.10.24+dfsg1 is not old', { info: { kind: 'docker', version: '20.10.24+dfsg1' } }],
  ['4.3.1 is not old', { info: { version: '4.3.1' } }],
  ['runc bears hybrid cgroups', { info: { ociRuntime: 'runc 1.1.5' }, files: { ...ids, '/sys/fs/cgroup/unified/cgroup.procs': '' } }],
  [
    'limits that root cannot raise, and Podman was told so',
    {
      uid: 0,
      files: {
        '/proc/self/status': 'CapEff:\t00000000a80425fb\n',
        '/proc/sys/kernel/keys/maxkeys': '20000\n',
        '/etc/containers/containers.conf': '[containers]\ndefault_ulimits = ["nofile=4096:4096"]\n',
      },
    },
  ],
  ['root with all capabilities', { uid: 0, files: { '/proc/self/status': 'CapEff:\t000001ffffffffff\n', '/proc/sys/kernel/keys/maxkeys': '20000\n' } }],
])('%s', async (_, given) => {
  expect((await found(given)).filter(({ level }) => level !== 'ok')).toEqual([]);
});

test('no engine at all is the problem, with the three reasons kept apart', async () => {
  expect((await diagnose(scene({ code: 'ENOENT' }))).problem).toMatchObject({ code: 'E_ENGINE_NONE' });
  expect((await diagnose(scene({ code: 'ECONNREFUSED' }))).problem).toMatchObject({ code: 'E_ENGINE_STOPPED' });
  expect((await diagnose(scene({ code: 'EACCES' }))).problem).toMatchObject({ code: 'E_ENGINE_PERMISSION' });
});
