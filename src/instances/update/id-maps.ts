import { readFileSync } from 'node:fs';
import type { ContainerDetails, EngineInfo } from '../../engine/model.ts';

/** Ids in a container and on the host: `inside` and the `count - 1` after it are `outside` and those after it. */
export interface IdRange {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

export interface IdMaps {
  readonly uid: readonly IdRange[];
  readonly gid: readonly IdRange[];
}

/** Of a running container on this machine's own kernel; `undefined` where the host cannot tell. */
export function idMapsOf(container: Pick<ContainerDetails, 'state' | 'pid'> | undefined, engine: Pick<EngineInfo, 'locality'>): IdMaps | undefined {
  if (engine.locality !== 'local' || container?.state !== 'running' || container.pid <= 0) return undefined;
  try {
    const [uid, gid] = ['uid_map', 'gid_map'].map((file) => parseIdMap(readFileSync(`/proc/${container.pid}/${file}`, 'utf8')));
    return uid && gid && uid.length > 0 && gid.length > 0 ? { uid, gid } : undefined;
  } catch {
    // Another PID namespace, or processes are hidden: the engine is asked instead.
    return undefined;
  }
}

/** Lines of `/proc/PID/uid_map`, user_namespaces(7). */
export function parseIdMap(text: string): readonly IdRange[] {
  return text.split('\n').flatMap((line) => {
    const [inside, outside, count] = line.trim().split(/\s+/).map(Number);
    return inside === undefined || outside === undefined || count === undefined ? [] : [{ inside, outside, count }];
  });
}

/** What a host's id is in the container; `undefined`: it has no name there. */
export function toInside(ranges: readonly IdRange[], id: number): number | undefined {
  const range = ranges.find(({ outside, count }) => id >= outside && id < outside + count);
  return range && range.inside + id - range.outside;
}
