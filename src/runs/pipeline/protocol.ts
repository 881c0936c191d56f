import type { Json } from '../../operations/model.ts';
import type { Needed, Push } from './settings.ts';

/** What the process that runs a ci.ts and the one that started it say to each other: a message each, as JSON. */

interface Script {
  /** The folder that holds `.slipway/`. */
  readonly folder: string;
  /** The file that `slipway` means in it. */
  readonly library: string;
}

export type Order = (Script & { readonly do: 'describe' }) | (Script & { readonly do: 'run' } & FunctionOrder);

export interface FunctionOrder {
  /** The job's name in the file. */
  readonly job: string;
  readonly matrix: Readonly<Record<string, string>>;
  readonly needs: Readonly<Record<string, Needed>>;
  readonly push: Push;
}

/** The answer to a call. */
export type Answer = { readonly answer: number; readonly value: Json } | { readonly answer: number; readonly error: string };

export interface ShCall {
  readonly command: string | readonly string[];
  readonly options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>>; readonly timeoutSeconds?: number };
}

export type Said =
  | { readonly say: 'described'; readonly script: DescribedScript }
  | { readonly say: 'broken'; readonly mistakes: readonly ScriptMistake[] }
  | { readonly say: 'call'; readonly call: number; readonly sh: ShCall }
  | { readonly say: 'call'; readonly call: number; readonly secret: string }
  | { readonly say: 'end'; readonly end: FunctionEnd };

/** How a function ended. */
export type FunctionEnd =
  | { readonly kind: 'returned'; readonly output: Json }
  | { readonly kind: 'skipped'; readonly reason: string }
  /** `exit`: of the command whose failure it let pass. */
  | { readonly kind: 'threw'; readonly message: string; readonly exit?: number };

/** Below `.slipway/`. */
export interface ScriptPlace {
  /** Such as `ci.ts`. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface ScriptMistake {
  readonly place?: ScriptPlace;
  readonly message: string;
}

/** Where the parts of an expression stand. */
export interface PlaceTree {
  readonly at: ScriptPlace;
  readonly keys?: Readonly<Record<string, { readonly at: ScriptPlace; readonly value: PlaceTree }>>;
  readonly items?: readonly (PlaceTree | null)[];
}

export interface DescribedJob {
  readonly name: string;
  readonly settings: Json;
  readonly isFunction: boolean;
  readonly at?: ScriptPlace;
  readonly places?: PlaceTree;
}

export interface DescribedScript {
  /** All but `jobs`. */
  readonly settings: Json;
  readonly jobs: readonly DescribedJob[];
  readonly places?: PlaceTree;
  readonly mistakes: readonly ScriptMistake[];
}
