import type { Path } from './definition.ts';

/** Something that a job needs, as it is written. */
export interface Need {
  readonly text: string;
  /** Where in the file. */
  readonly path: Path;
  /** The job of the file that it means; `undefined`: there is none. */
  readonly group: string | undefined;
  /** Why it can never be had, in words: `which does not exist`. */
  readonly lost?: string;
}

/** Jobs of the file and what they need. A matrix is one node: what one of its jobs waits for, all of them wait for. */
export type Graph = ReadonlyMap<string, readonly Need[]>;

export interface Cycle {
  /** In order, each needing the next, the first again at the end. */
  readonly jobs: readonly string[];
  readonly need: Need;
}

/** Whether some order gets to every job: then there is nothing to look for. */
export function isSound(graph: Graph): boolean {
  const waiting = new Map([...graph].map(([job, needs]) => [job, needs.length]));
  const waiters = new Map<string, string[]>();
  for (const [job, needs] of graph) {
    for (const { group, lost } of needs) {
      if (group === undefined || lost !== undefined) return false;
      const known = waiters.get(group);
      if (known === undefined) waiters.set(group, [job]);
      else known.push(job);
    }
  }
  const ready = [...waiting].filter(([, count]) => count === 0).map(([job]) => job);
  for (const job of ready) {
    for (const waiter of waiters.get(job) ?? []) {
      const count = (waiting.get(waiter) ?? 0) - 1;
      waiting.set(waiter, count);
      if (count === 0) ready.push(waiter);
    }
  }
  return ready.length === graph.size;
}

/** One cycle, the shortest, for each knot of jobs that wait for each other. */
export function cyclesOf(graph: Graph): readonly Cycle[] {
  const told = new Set<string>();
  const cycles: Cycle[] = [];
  for (const job of graph.keys()) {
    if (told.has(job)) continue;
    const back = shortestWay(graph, job, (group) => group === job);
    if (back === undefined || back[0] === undefined) continue;
    cycles.push({ jobs: [job, ...back.map(({ group }) => group ?? '')], need: back[0] });
    for (const other of reachableFrom(graph, job)) if (reachableFrom(graph, other).has(job)) told.add(other);
  }
  return cycles;
}

export interface Unreachable {
  readonly job: string;
  /** The needs that lead to what can never be had, the job's own first. */
  readonly way: readonly Need[];
}

/** Jobs that need, through others, what can never be had. Those that name it themselves are told elsewhere. */
export function unreachableJobs(graph: Graph, inCycle: ReadonlySet<string>): readonly Unreachable[] {
  const isBroken = (job: string) => inCycle.has(job) || (graph.get(job) ?? []).some(({ lost }) => lost !== undefined);
  return [...graph.keys()]
    .filter((job) => !isBroken(job))
    .flatMap((job) => {
      const way = shortestWay(graph, job, isBroken);
      return way === undefined ? [] : [{ job, way }];
    });
}

/** The needs to follow from a job to the nearest that is looked for, breadth first. */
function shortestWay(graph: Graph, from: string, isThere: (group: string) => boolean): readonly Need[] | undefined {
  const seen = new Set<string>();
  let ways: readonly (readonly Need[])[] = [[]];
  while (ways.length > 0) {
    const next: (readonly Need[])[] = [];
    for (const way of ways) {
      for (const need of graph.get(way.at(-1)?.group ?? from) ?? []) {
        if (need.group === undefined || need.lost !== undefined || seen.has(need.group)) continue;
        if (isThere(need.group)) return [...way, need];
        seen.add(need.group);
        next.push([...way, need]);
      }
    }
    ways = next;
  }
  return undefined;
}

function reachableFrom(graph: Graph, job: string): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [job];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const { group } of graph.get(next) ?? []) {
      if (group === undefined || reached.has(group)) continue;
      reached.add(group);
      open.push(group);
    }
  }
  return reached;
}
