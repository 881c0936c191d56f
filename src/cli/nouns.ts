import type { Command } from '@commander-js/extra-typings';
import type { Act } from './act.ts';

/** Adds its commands to the program. Bodies are loaded when called. */
export type Register = (program: Command, act: Act) => void;

export interface Noun {
  /** First words that it answers to, with their lines in the program's help: `task`, or `build` for a verb at the top. */
  readonly words: Readonly<Record<string, string>>;
  readonly load: () => Promise<{ register: Register }>;
}

/** Only the noun that was typed is loaded: `--help` of the program needs no more than these lines. */
export const nouns: readonly Noun[] = [
  { words: { project: 'projects: a repository and how its containers are built and run' }, load: () => import('./project/commands.ts') },
  {
    words: {
      build: "build a project's images, lower layers first",
      generate: "write a project's Dockerfiles, to be read",
      shell: "open a throw-away shell in a project's development image",
      image: 'images: list, prune, import, save, load, pull',
    },
    load: () => import('./image/commands.ts'),
  },
  {
    words: {
      task: 'tasks: a workspace, a container, and what is known of them',
      run: 'run an agent headless in a new task',
    },
    load: () => import('./task/commands.ts'),
  },
  { words: { ci: "runs: a repository's pipeline at one commit" }, load: () => import('./ci/commands.ts') },
  {
    words: {
      instance: 'instances: long-running services with health, update and rollback',
      supervise: 'look after instances in the foreground, where there are no service units',
    },
    load: () => import('./instance/commands.ts'),
  },
  { words: { release: "releases: immutable, verified builds of a service's versions" }, load: () => import('./release/commands.ts') },
  { words: { up: "start OpenCode's server", down: "stop and remove OpenCode's server" }, load: () => import('./service/commands.ts') },
  { words: { agent: 'agents that tasks can run' }, load: () => import('./agent/commands.ts') },
  { words: { journal: 'who changed what, when, and how it ended' }, load: () => import('./journal/commands.ts') },
  { words: { doctor: 'which engines there are, which is used, and what is wrong' }, load: () => import('./doctor/commands.ts') },
  { words: { completion: 'print a completion script for your shell' }, load: () => import('./completion/commands.ts') },
];
