import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Talk, startTalk } from '../../host/background.ts';
import type { Env } from '../../state/paths.ts';
import type { Answer, Order } from './protocol.ts';

export interface ScriptProcessOptions {
  /** The folder that holds `.slipway/`: a snapshot. It is also where the process works. */
  readonly folder: string;
  /** The person's environment, of which a script gets what programs need to work at all. */
  readonly env: Env;
  /** Variables that the script gets besides. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly onMessage: (message: unknown, answer: (answer: Answer) => void) => void;
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
}

type Wanted = Order extends infer One ? (One extends Order ? Omit<One, 'folder' | 'library'> : never) : never;

/** Starts the process that runs a ci.ts, and gives it its order. */
export async function startScript(order: Wanted, { folder, env, variables, onMessage, onOutput }: ScriptProcessOptions): Promise<Talk> {
  const { argv, library } = places();
  const talk: Talk = await startTalk(argv, {
    cwd: folder,
    // As in a run's workspace: a repository that the cache is in is not the pipeline's.
    env: { ...scriptEnv(env), GIT_CEILING_DIRECTORIES: dirname(folder), ...variables },
    onMessage: (message) => onMessage(message, (answer) => talk.send(answer)),
    onOutput,
  });
  talk.send({ ...order, folder, library });
  return talk;
}

/** Keys, tokens and addresses of agents in a person's environment are not for a repository's code: secrets come by `secret`. */
function scriptEnv(env: Env): Env {
  const names = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR', 'TZ', 'LANG'];
  return Object.fromEntries(Object.entries(env).filter(([name]) => names.includes(name) || name.startsWith('LC_')));
}

/** Beside the bundle stand the bundled process and library. Run from source, as by unit tests, there is no library but what a pipeline needs of it. */
function places(): { readonly argv: readonly string[]; readonly library: string } {
  const here = import.meta.dirname;
  const built = join(here, 'lib', 'pipeline-script.js');
  if (existsSync(built)) return { argv: [process.execPath, built], library: join(here, 'index.js') };
  const jiti = dirname(createRequire(import.meta.filename).resolve('jiti/package.json'));
  return { argv: [process.execPath, join(jiti, 'lib', 'jiti-cli.mjs'), join(here, 'child', 'main.ts')], library: join(here, 'builder.ts') };
}
