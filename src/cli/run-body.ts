import { readdirSync } from 'node:fs';
import type { OwnedApp } from '../app/create-app.ts';
import type { ExitCode } from '../errors.ts';
import type { Env } from '../state/paths.ts';
import type { Act } from './act.ts';
import type { Call, Terminal } from './call.ts';
import { createOut } from './out.ts';
import { reportError } from './report-error.ts';
import { typedCommand } from './typed-command.ts';

export interface Invocation {
  readonly argv: readonly string[];
  readonly env: Env;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** `--engine`, once the arguments are parsed. */
  readonly engine: () => string | undefined;
  readonly exit: (code: ExitCode) => void;
}

/** Makes the `act` that every command's action calls. */
export function createAct(invocation: Invocation): Act {
  return async (common, body, options = {}) => {
    const out = createOut(invocation.terminal);
    // Help and usage errors need nothing of it.
    const { createApp } = await import('../app/create-app.ts');
    const json = common.json ?? false;
    let app: OwnedApp | undefined;
    try {
      app = createApp({
        env: invocation.env,
        out,
        signal: invocation.signal,
        dryRun: common.dryRun ?? false,
        engine: invocation.engine(),
        command: typedCommand(invocation.argv),
      });
      const call: Call = { app, terminal: invocation.terminal, json, engine: invocation.engine() };
      if (options.recover !== false && !app.dryRun) {
        await settleOpenOperations(app);
        if (options.revive !== false) await reviveOpenRuns(app);
      }
      invocation.exit((await body(call)) ?? 0);
    } catch (error) {
      out.end();
      const failure = options.failure ?? 1;
      invocation.exit(
        reportError(invocation.terminal, error, { json, failure, debug: Boolean(invocation.env.SLIPWAY_DEBUG), aborted: invocation.signal.aborted }),
      );
    } finally {
      out.end();
      // The process ends before that, nearly always: closing connections takes 2 ms.
      setImmediate(() => app?.close());
    }
  };
}

/** One look at a folder that is empty nearly always; recovery is loaded when it is not. */
async function settleOpenOperations(app: OwnedApp): Promise<void> {
  const { openOperations } = await import('../operations/read-journal.ts');
  const { journalDir } = await import('../state/paths.ts');
  if ((await openOperations(journalDir(app.paths))).length === 0) return;
  const { reportRecovery } = await import('./report-recovery.ts');
  await reportRecovery(app);
}

/** The same for runs, which nearly always have ended. */
async function reviveOpenRuns(app: OwnedApp): Promise<void> {
  const { openRunsDir } = await import('../state/paths.ts');
  if (!hasFiles(openRunsDir(app.paths))) return;
  const { reviveRuns } = await import('../runs/driver/revive.ts');
  for (const { run } of await reviveRuns(app)) app.out.note(`Nobody looked after run ${run} any more; \`slipway ci show ${run}\` tells what becomes of it.`);
}

function hasFiles(directory: string): boolean {
  try {
    return readdirSync(directory).length > 0;
  } catch {
    // None has been made, or it cannot be read, which is told by the command that needs it.
    return false;
  }
}
