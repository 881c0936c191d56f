export type Path = readonly (string | number)[];

/** In a file as people see it. */
export interface Place {
  /** Relative to the repository, such as `.slipway/ci.yml`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** The line itself. */
  readonly text: string;
}

/** What is wrong in a pipeline. Without a place, the message alone tells where: it names the job. */
export interface Mistake {
  readonly place?: Place;
  readonly message: string;
}

/** A pipeline as it was written, before anything of it is believed. */
export interface Definition {
  /** `.slipway/ci.yml` or `.slipway/ci.ts`. */
  readonly source: string;
  /** With the keys of ci.yml. */
  readonly value: unknown;
  /** In the order of the file, which a JavaScript object does not keep for names such as `2`. */
  readonly jobs: readonly string[];
  /** Jobs whose work is a function, and the hash of the tree that holds it. */
  readonly functions: ReadonlySet<string>;
  readonly hash?: string;
  /** Found while it was read. */
  readonly mistakes: readonly Mistake[];
  /** Where a value stands, or its key; the nearest thing around it where that cannot be told. */
  locate(path: Path, part: 'key' | 'value'): Place | undefined;
}

/** What a definition is judged with, beside its own text. */
export interface Surroundings {
  /** There is a `.slipway/Dockerfile`. */
  readonly hasDockerfile: boolean;
  /** Asked for on the command line: wins over the pipeline's. */
  readonly executor?: 'container' | 'host';
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** For looking at a value that may be anything: what is no map has no keys. */
export function mapAt(value: unknown, ...keys: readonly string[]): Readonly<Record<string, unknown>> {
  const inner = keys.reduce<unknown>((outer, key) => (isMap(outer) && Object.hasOwn(outer, key) ? outer[key] : undefined), value);
  return isMap(inner) ? inner : {};
}

/** The texts of a list, or the one text, each with its place in the list. */
export function textsAt(value: unknown): readonly { readonly text: string; readonly path: Path }[] {
  if (typeof value === 'string') return [{ text: value, path: [] }];
  return Array.isArray(value) ? value.flatMap((text: unknown, index) => (typeof text === 'string' ? [{ text, path: [index] }] : [])) : [];
}
