import { isMap } from './definition.ts';

/** One job of a group. */
export interface Member {
  readonly name: string;
  /** `undefined` where the job has no matrix. */
  readonly matrix?: Readonly<Record<string, string>>;
}

/** More are a mistake of the file rather than work for a machine. */
export const mostMembers = 256;

/** The jobs that a job of the file stands for: each combination of its matrix, the last key's values changing fastest. A broken matrix gives what can be told of it. */
export function membersOf(group: string, matrix: unknown): readonly Member[] {
  if (matrix === undefined) return [{ name: group }];
  return combinations(matrix).map((values) => ({
    name: `${group} (${Object.entries(values)
      .map(([key, value]) => `${key}=${value}`)
      .join(', ')})`,
    matrix: values,
  }));
}

/** How many there would be, without making them. */
export function memberCount(matrix: unknown): number {
  return isMap(matrix) ? Object.values(matrix).reduce<number>((count, values) => count * (Array.isArray(values) ? values.length : 1), 1) : 1;
}

function combinations(matrix: unknown): readonly Readonly<Record<string, string>>[] {
  if (!isMap(matrix) || memberCount(matrix) > mostMembers || Object.keys(matrix).length === 0) return [];
  return Object.entries(matrix).reduce<readonly Readonly<Record<string, string>>[]>(
    (made, [key, values]) => made.flatMap((one) => (Array.isArray(values) ? values : []).map((value: unknown) => ({ ...one, [key]: String(value) }))),
    [{}],
  );
}
