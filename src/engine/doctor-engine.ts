import { dirname } from 'node:path';
import type { Finding, Probes } from './finding.ts';
import type { Machine } from './machine.ts';
import type { EngineInfo } from './model.ts';

/** The oldest that Slipway is tested with. */
const oldest = { docker: '20.10', podman: '4.3' } as const;
const gibibyte = 1024 ** 3;

/** What is wrong with an engine that answers; one `ok` where nothing is. */
export async function engineFindings(info: EngineInfo, machine: Machine, probes: Probes): Promise<readonly Finding[]> {
  const local = info.locality === 'local';
  const findings: Finding[] = [
    ...oldVersion(info),
    ...(local ? await cgroups(info, machine) : []),
    ...limitsIgnored(info),
    ...longRunRoot(info),
    ...info.warnings.map((message): Finding => ({ level: 'warn', code: 'engine-warning', message: message.replace(/^WARNING: /, ''), hint: '' })),
    ...(local ? await lowDisk(probes, info.storageRoot, 'images and containers') : []),
    ...distance(info),
  ];
  if (findings.some(({ level }) => level !== 'info')) return findings;
  return [{ level: 'ok', code: 'engine', message: `${info.kind} ${info.version} answers`, hint: '' }, ...findings];
}

function oldVersion({ kind, version }: EngineInfo): readonly Finding[] {
  const [major = 0, minor = 0] = version.split('.').map(Number.parseFloat);
  const [leastMajor = 0, leastMinor = 0] = oldest[kind].split('.').map(Number);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return [];
  return [
    {
      level: 'warn',
      code: 'old-version',
      message: `${kind} ${version} is older than ${oldest[kind]}, the oldest that Slipway is tested with`,
      hint: `Upgrade ${kind}.`,
    },
  ];
}

/** Both versions of cgroups mounted at once: `crun` refuses to start anything there. */
async function cgroups({ kind, ociRuntime }: EngineInfo, { readText }: Machine): Promise<readonly Finding[]> {
  const hybrid = (await readText('/sys/fs/cgroup/cgroup.controllers')) === undefined && (await readText('/sys/fs/cgroup/unified/cgroup.procs')) !== undefined;
  if (kind !== 'podman' || !hybrid || !ociRuntime.startsWith('crun')) return [];
  return [
    {
      level: 'error',
      code: 'hybrid-cgroups',
      message: 'this machine mounts both versions of cgroups, where crun starts no container',
      hint: 'Install runc, and set runtime = "runc" under [engine] in containers.conf; then restart the Podman service.',
    },
  ];
}

function limitsIgnored({ rootless, cgroupVersion }: EngineInfo): readonly Finding[] {
  if (!rootless || cgroupVersion === 2) return [];
  return [
    {
      level: 'warn',
      code: 'limits-ignored',
      message: 'without root on cgroups version 1, limits of memory, processors and processes are silently ignored',
      hint: 'Start the machine with cgroups version 2 (kernel parameter systemd.unified_cgroup_hierarchy=1), or use a rootful engine.',
    },
  ];
}

/** The longest run root with which Podman's sockets have legal names; beyond it ends of containers go unnoticed. */
const longestRunRoot = 50;

function longRunRoot({ runRoot }: EngineInfo): readonly Finding[] {
  if (runRoot.length <= longestRunRoot) return [];
  return [
    {
      level: 'error',
      code: 'long-runroot',
      message: `Podman's run root ${runRoot} is longer than ${longestRunRoot} characters: it does not notice when containers end`,
      hint: 'Set a shorter runroot in storage.conf; then restart the Podman service.',
    },
  ];
}

function distance({ locality, endpoint }: EngineInfo): readonly Finding[] {
  switch (locality) {
    case 'local':
      return [];
    case 'vm':
      return [{ level: 'info', code: 'virtual-machine', message: 'the engine runs in a virtual machine: only shared folders can be mounted', hint: '' }];
    case 'remote':
      return [
        { level: 'info', code: 'remote', message: `the engine at ${endpoint} is on another machine: workspaces and local ports are not there`, hint: '' },
      ];
  }
}

/** Below 5 GiB a warning, below 1 GiB an error. A folder that is not there yet is judged by the one that will hold it. */
export async function lowDisk(probes: Pick<Probes, 'freeBytes'>, path: string, what: string): Promise<readonly Finding[]> {
  let free = await probes.freeBytes(path);
  for (let above = path; free === undefined && above !== dirname(above); ) {
    above = dirname(above);
    free = await probes.freeBytes(above);
  }
  if (free === undefined || free >= 5 * gibibyte) return [];
  const left = (free / gibibyte).toFixed(1);
  return [
    {
      level: free < gibibyte ? 'error' : 'warn',
      code: 'low-disk',
      message: `${left} GiB are free for ${what} (${path})`,
      hint: 'Make room: "slipway image prune" removes images that nothing needs.',
    },
  ];
}
