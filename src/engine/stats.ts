import { SlipwayError } from '../errors.ts';
import type { Api } from './api.ts';
import type { CallOptions, ContainerStats } from './model.ts';
import { pathPart } from './reference.ts';
import type { WireStats } from './wire.ts';

export async function readStats(api: Api, id: string, options: CallOptions = {}): Promise<ContainerStats> {
  const action = `measure container ${id}`;
  // Docker takes two readings a second apart for this, so that the use of the processor can be told.
  const stats = await api.json<WireStats>('GET', `/containers/${pathPart(id)}/stats`, {
    ...options,
    action,
    query: { stream: false },
    refused: ({ message }) => (/cgroup/i.test(message) ? unsupported(action, message) : undefined),
  });
  const { kind } = await api.dialect();
  // There Podman measures the service's own cgroup, without saying so; only the missing processes tell.
  if (kind === 'podman' && !stats.pids_stats?.current) throw unsupported(action, 'the engine has no figures of this container');
  const memory = stats.memory_stats ?? {};
  return {
    cpuPercent: cpuPercent(stats),
    // As `docker stats` shows it: pages of files that the kernel can drop at once do not count. cgroup v1 and v2 name them differently.
    memoryBytes: Math.max(0, (memory.usage ?? 0) - (memory.stats?.['total_inactive_file'] ?? memory.stats?.['inactive_file'] ?? 0)),
    memoryLimitBytes: memory.limit ?? 0,
    pids: stats.pids_stats?.current ?? 0,
    readAt: new Date(stats.read).toISOString(),
  };
}

/** Docker's formula (`calculateCPUPercentUnix` of its client): share of all processors' time between two readings, times the processors. */
function cpuPercent(stats: WireStats): number {
  const now = stats.cpu_stats ?? {};
  const before = stats.precpu_stats ?? {};
  const used = (now.cpu_usage?.total_usage ?? 0) - (before.cpu_usage?.total_usage ?? 0);
  const all = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  const cpus = now.online_cpus || now.cpu_usage?.percpu_usage?.length || 1;
  return used > 0 && all > 0 ? (used / all) * cpus * 100 : 0;
}

function unsupported(action: string, message: string): SlipwayError {
  return new SlipwayError('E_UNSUPPORTED', `Cannot ${action}: ${message}`, { hint: 'Rootless Podman measures only on machines with cgroup version 2.' });
}
