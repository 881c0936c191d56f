export declare const root: string;
export interface Source {
    /** From the repository's root, such as `src/tasks/plan.ts`. */
    readonly path: string;
    readonly text: string;
}
/** The files below a folder whose names end so; what is installed or built is not ours. */
export declare function sourcesIn(folder: string, endings: readonly string[]): readonly Source[];
export declare function readText(path: string): string;
/** Files of the repository that a file imports, statically, dynamically or as types; what a comment names is no import. */
export declare function importsOf({ path, text }: Source): readonly string[];
