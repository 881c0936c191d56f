/** A coding agent as one data file describes it. */
export interface AgentDefinition {
  /** The file's name, and what `agents:` lists. */
  readonly name: string;
  /** What a person reads: `Claude Code`. */
  readonly label: string;
  /** The Node.js that it needs, such as `>=18`; `undefined`: none. */
  readonly node: string | undefined;
  /** Shell lines, run as root when L1 is built, each on its own. */
  readonly install: readonly string[];
  /** Names of its npm packages, for information. */
  readonly packages: readonly string[];
  readonly version: readonly string[];
  /** Interactive. */
  readonly command: readonly string[];
  readonly headless: HeadlessCommand | undefined;
  /** Goes on with the last conversation. */
  readonly resume: readonly string[] | undefined;
  /** Set in each of its tasks. */
  readonly env: Readonly<Record<string, string>>;
  /** Set as well where the container's user is root. */
  readonly envWhenRoot: Readonly<Record<string, string>>;
  readonly credentials: AgentCredentials | undefined;
  readonly signIn: { readonly command: readonly string[] } | undefined;
  /** Names of variables that are handed to the agent when they are set on the host. */
  readonly passEnv: readonly string[];
}

export interface HeadlessCommand {
  /** `{prompt}` stands for the prompt, as an element of its own or inside one. */
  readonly command: readonly string[];
  /** Name of a variable that holds the prompt too. */
  readonly promptEnv: string | undefined;
}

export interface AgentCredentials {
  /** Where the agent keeps its sign-in and settings, relative to its user's home: `.claude`. */
  readonly directory: string;
  /** Files beside that directory which belong to the sign-in, relative to the home. */
  readonly files: readonly string[];
  /** Where the directory is mounted: absolute, or `~/…`. Default `~/<directory>`. */
  readonly mount: string;
}

export interface Agent {
  readonly definition: AgentDefinition;
  readonly source: 'built-in' | 'user';
  /** The file that it was read from. */
  readonly file: string;
}
