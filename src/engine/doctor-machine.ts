import { join } from 'node:path';
import type { Finding, Probes } from './finding.ts';
import type { Machine } from './machine.ts';
import type { EngineInfo } from './model.ts';

/** CAP_SYS_RESOURCE is bit 24: linux/capability.h. */
const sysResource = 1n << 24n;

/** What the machine itself stands in the way with. Only Linux has these; elsewhere the engines run in a virtual machine. */
export async function machineFindings(machine: Machine, probes: Pick<Probes, 'device'>, engines: readonly EngineInfo[]): Promise<readonly Finding[]> {
  if (machine.platform !== 'linux') return [];
  const rootless = machine.uid !== 0 || engines.some((engine) => engine.rootless && engine.locality === 'local');
  const findings = [
    ...(rootless && machine.uid !== 0 ? await subordinateIds(machine) : []),
    ...(rootless ? await tunnel(probes) : []),
    ...(rootless ? await keyring(machine) : []),
    ...(machine.uid === 0 ? await fixedLimits(machine) : []),
  ];
  return findings.length > 0 ? findings : [{ level: 'ok', code: 'machine', message: 'nothing about this machine stands in the way', hint: '' }];
}

async function subordinateIds({ env, uid, readText }: Machine): Promise<readonly Finding[]> {
  const user = env['USER'] || env['LOGNAME'] || String(uid);
  const missing: string[] = [];
  for (const file of ['/etc/subuid', '/etc/subgid']) {
    const lines = ((await readText(file)) ?? '').split('\n').map((line) => line.split(':'));
    const has = lines.some(([name, , count]) => (name === user || name === String(uid)) && Number(count) >= 65536);
    if (!has) missing.push(file);
  }
  if (missing.length === 0) return [];
  return [
    {
      level: 'error',
      code: 'no-subuid',
      message: `${user} has no range of 65,536 ids in ${missing.join(' and ')}, which rootless containers need`,
      hint: `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${user} && podman system migrate`,
    },
  ];
}

async function tunnel(probes: Pick<Probes, 'device'>): Promise<readonly Finding[]> {
  const state = await probes.device('/dev/net/tun');
  if (state === 'ok') return [];
  const finding = { level: 'warn', code: 'no-tun' } as const;
  if (state === 'missing') {
    return [{ ...finding, message: '/dev/net/tun is missing: rootless containers have no network', hint: 'sudo modprobe tun' }];
  }
  return [{ ...finding, message: '/dev/net/tun may not be written: rootless containers have no network', hint: 'sudo chmod 666 /dev/net/tun' }];
}

/** Each container takes keys of its user's quota; with the kernel's default of 200 about thirteen run at once, then "Disk quota exceeded". */
async function keyring({ readText }: Machine): Promise<readonly Finding[]> {
  const keys = Number.parseInt((await readText('/proc/sys/kernel/keys/maxkeys')) ?? '', 10);
  if (!(keys <= 200)) return [];
  return [
    {
      level: 'info',
      code: 'keyring-quota',
      message: `the kernel gives each user ${keys} keys: about thirteen rootless containers can run at once`,
      hint: 'sudo sysctl -w kernel.keys.maxkeys=20000 kernel.keys.maxbytes=2000000',
    },
  ];
}

/** Root inside a container itself: what asks for more open files than the hard limit fails at start. */
async function fixedLimits(machine: Machine): Promise<readonly Finding[]> {
  const { readText } = machine;
  const capabilities = /^CapEff:\s*([0-9a-f]+)/m.exec((await readText('/proc/self/status')) ?? '')?.[1];
  if (capabilities === undefined || (BigInt(`0x${capabilities}`) & sysResource) !== 0n || (await hasOwnLimits(machine))) return [];
  const limits = (await readText('/proc/self/limits')) ?? '';
  const files = /^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1];
  const nofile = Math.min(Number(files ?? 4096), 4096);
  return [
    {
      level: 'warn',
      code: 'fixed-limits',
      message: `this machine does not let root raise limits (no CAP_SYS_RESOURCE${files === undefined ? '' : `; at most ${files} open files`}): Podman's containers fail to start with its defaults`,
      hint: `Set default_ulimits = ["nofile=${nofile}:${nofile}", "nproc=4096:4096"] under [containers] in containers.conf; then restart the Podman service.`,
    },
  ];
}

/** Whether Podman was told limits of the person's own: `default_ulimits` with a `nofile`. */
async function hasOwnLimits({ env, home, readText }: Machine): Promise<boolean> {
  const files = [env['CONTAINERS_CONF'], '/etc/containers/containers.conf', join(home, '.config/containers/containers.conf')];
  const texts = await Promise.all(files.map((file) => (file ? readText(file) : undefined)));
  return texts.some((text) => /^\s*default_ulimits\s*=\s*\[[^\]]*nofile=/m.test(text ?? ''));
}
