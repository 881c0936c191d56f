import type { Place } from './candidates.ts';
import type { Machine } from './machine.ts';
import type { Programs } from './programs.ts';

/** The sockets of `podman machine`, and the connections that the podman program knows; none where it is not installed. */
export async function podmanMachinePlaces(machine: Machine, programs: Programs): Promise<readonly Place[]> {
  if (!(await machine.hasProgram('podman'))) return [];
  const [machines, connections] = await Promise.all([
    ask<{ readonly Name?: string; readonly ConnectionInfo?: { readonly PodmanSocket?: { readonly Path?: string } | null } }>(machine, programs, [
      'machine',
      'inspect',
    ]),
    ask<{ readonly Name?: string; readonly URI?: string; readonly Default?: boolean }>(machine, programs, ['system', 'connection', 'list', '--format', 'json']),
  ]);
  const sockets = machines.flatMap(({ Name, ConnectionInfo }): readonly Place[] => {
    const path = ConnectionInfo?.PodmanSocket?.Path;
    return path === undefined || path === '' ? [] : [{ source: `podman machine "${Name ?? ''}"`, kind: 'podman', endpoint: `unix://${path}` }];
  });
  const remembered = connections
    // A machine's own connection is reached by its socket; by ssh it would need the machine's key.
    .filter(({ Name, Default }) => Default === true && !machines.some((one) => Name?.startsWith(one.Name ?? '') ?? false))
    .flatMap(({ Name, URI }): readonly Place[] =>
      URI === undefined ? [] : [{ source: `podman's connection "${Name ?? ''}"`, kind: 'podman', endpoint: URI }],
    );
  return [...sockets, ...remembered];
}

async function ask<T>(machine: Machine, programs: Programs, args: readonly string[]): Promise<readonly T[]> {
  try {
    const end = await programs.run(['podman', ...args], { env: machine.env, timeoutMs: 3000 });
    const parsed: unknown = end.exitCode === 0 ? JSON.parse(end.stdout) : [];
    return Array.isArray(parsed) ? (parsed as readonly T[]) : [];
  } catch {
    // No machine, or a podman too old to know the question.
    return [];
  }
}
