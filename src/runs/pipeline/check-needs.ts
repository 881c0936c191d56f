import { nearest } from '../../state/nearest.ts';
import { type Definition, mapAt, type Mistake, type Path, textsAt } from './definition.ts';
import { cyclesOf, type Graph, isSound, type Need, unreachableJobs } from './graph.ts';
import { type Member, memberCount, membersOf } from './matrix.ts';

/** Mistakes in how jobs hang together: names, needs, cycles, what can never be reached. */
export function checkNeeds(definition: Definition): readonly Mistake[] {
  const members = new Map(definition.jobs.map((job) => [job, membersOf(job, mapAt(definition.value, 'jobs', job)['matrix'])]));
  const graph: Graph = new Map(definition.jobs.map((job) => [job, needsOf(definition, job, members)]));
  const sound = isSound(graph);
  const cycles = sound ? [] : cyclesOf(graph);
  const inCycle = new Set(cycles.flatMap(({ jobs }) => jobs));
  const at = (path: Path, part: 'key' | 'value', message: string): Mistake => {
    const place = definition.locate(path, part);
    return { ...(place === undefined ? {} : { place }), message };
  };
  return [
    ...sameNames(members).map(({ job, message }) => at(['jobs', job], 'key', message)),
    ...[...graph].flatMap(([job, needs]) => ownMistakes(job, needs).map(({ path, message }) => at(path, 'value', message))),
    ...cycles.map(({ jobs, need }) => at(need.path, 'value', cycleMessage(jobs))),
    ...(sound ? [] : unreachableJobs(graph, inCycle)).map(({ job, way }) => at(['jobs', job], 'key', unreachableMessage(job, way, graph, inCycle))),
  ];
}

function needsOf(definition: Definition, job: string, members: ReadonlyMap<string, readonly Member[]>): readonly Need[] {
  return textsAt(mapAt(definition.value, 'jobs', job)['needs'])
    .filter(({ text }) => text !== '')
    .map(({ text, path: inner }) => {
      const path = ['jobs', job, 'needs', ...inner];
      const group = members.has(text) ? text : [...members].find(([, jobs]) => jobs.some(({ name }) => name === text))?.[0];
      if (group !== undefined) {
        const empty = members.get(group)?.length === 0;
        return {
          text,
          path,
          group,
          ...(empty && memberCount(mapAt(definition.value, 'jobs', group)['matrix']) === 0 ? { lost: 'whose matrix makes no job' } : {}),
        };
      }
      const owner = /^(.+) \(.*\)$/.exec(text)?.[1];
      const made = owner === undefined ? undefined : members.get(owner);
      if (owner !== undefined && made !== undefined) return { text, path, group: owner, lost: lostMember(owner, made) };
      return {
        text,
        path,
        group: undefined,
        lost: `which does not exist${suggestion(
          text,
          definition.jobs.filter((other) => other !== job),
        )}`,
      };
    });
}

function lostMember(owner: string, made: readonly Member[]): string {
  if (made[0]?.matrix === undefined) return `but \`${owner}\` has no matrix`;
  const shown = made.slice(0, 4).map(({ name }) => `\`${name}\``);
  return `which the matrix of \`${owner}\` does not make: it makes ${shown.join(', ')}${made.length > shown.length ? ' …' : ''}`;
}

function suggestion(text: string, known: readonly string[]): string {
  // Any letter is near to any other.
  const near = text.length > 2 ? nearest(text, known) : undefined;
  return near === undefined ? '' : `: did you mean \`${near}\`?`;
}

/** What is wrong with one need, whatever the others are. */
function ownMistakes(job: string, needs: readonly Need[]): readonly { readonly path: Path; readonly message: string }[] {
  return needs.flatMap(({ text, path, group, lost }, index) => {
    const subject = `\`jobs.${job}.needs\``;
    if (needs.findIndex((other) => other.text === text) < index) return [{ path, message: `${subject} names \`${text}\` twice` }];
    if (lost === undefined) return [];
    if (group === undefined) return [{ path, message: `${subject} names \`${text}\`, ${lost}` }];
    return [{ path, message: `\`${job}\` is unreachable: it needs \`${text}\`, ${lost}` }];
  });
}

function cycleMessage(jobs: readonly string[]): string {
  const named = jobs.map((job) => `\`${job}\``);
  return jobs.length === 2 ? `${named[0]} needs itself` : `a cycle: ${named.join(' needs ')}`;
}

function unreachableMessage(job: string, way: readonly Need[], graph: Graph, inCycle: ReadonlySet<string>): string {
  const last = way.at(-1)?.group ?? '';
  const lost = (graph.get(last) ?? []).find((need) => need.lost !== undefined);
  const end = inCycle.has(last) || lost === undefined ? 'which is in a cycle' : `which needs \`${lost.text}\`, ${withoutAdvice(lost.lost ?? '')}`;
  return `\`${job}\` is unreachable: it needs ${way.map(({ text }) => `\`${text}\``).join(', which needs ')}, ${end}`;
}

/** The advice stands where the mistake is. */
function withoutAdvice(lost: string): string {
  return lost.replace(/: .*$/, '');
}

/** Two jobs of one name, where a matrix makes the name of another job. */
function sameNames(members: ReadonlyMap<string, readonly Member[]>): readonly { readonly job: string; readonly message: string }[] {
  const owners = new Map<string, string>();
  return [...members].flatMap(([job, made]) =>
    made.flatMap(({ name }) => {
      const owner = owners.get(name);
      owners.set(name, owner ?? job);
      if (owner === undefined) return [];
      return [
        {
          job,
          message:
            owner === job
              ? `duplicate job: the matrix of \`${job}\` makes \`${name}\` twice`
              : `duplicate job: \`${name}\` is also made by the matrix of \`${owner === name ? job : owner}\``,
        },
      ];
    }),
  );
}
