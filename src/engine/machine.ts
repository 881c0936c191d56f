import { access, constants, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Environment } from './programs.ts';

/** What detection and `doctor` read of the machine; tests hand in one of their own. */
export interface Machine {
  readonly env: Environment;
  readonly home: string;
  readonly uid: number;
  readonly platform: NodeJS.Platform;
  /** `undefined` where there is no such file, or none that may be read. */
  readonly readText: (path: string) => Promise<string | undefined>;
  /** On the PATH. */
  readonly hasProgram: (name: string) => Promise<boolean>;
}

export function thisMachine(env: Environment, home: string): Machine {
  return {
    env,
    home,
    uid: process.getuid?.() ?? 0,
    platform: process.platform,
    readText: (path) => readFile(path, 'utf8').catch(() => undefined),
    async hasProgram(name) {
      for (const directory of (env['PATH'] ?? '').split(delimiter).filter((part) => part !== '')) {
        const found = await access(join(directory, name), constants.X_OK).then(
          () => true,
          () => false,
        );
        if (found) return true;
      }
      return false;
    },
  };
}

/** Where a person's sockets are; `undefined` for root, and where nobody has logged in. */
export function runtimeDirectory({ env, uid, platform }: Machine): string | undefined {
  if (env['XDG_RUNTIME_DIR']) return env['XDG_RUNTIME_DIR'];
  return platform === 'linux' && uid !== 0 ? `/run/user/${uid}` : undefined;
}
