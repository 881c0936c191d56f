import type { ContainerSummary, EngineRef } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import type { App } from '../operations/model.ts';
import { checkIdentity } from './check-identity.ts';
import { ownFilter, type ResourceKind } from './labels.ts';

/** Whose container a list looks for. */
export interface Sought {
  readonly engine: EngineRef;
  /** The container's name; `undefined`: it need not be there. */
  readonly container: string | undefined;
}

export interface UnreachableEngine {
  readonly endpoint: string;
  readonly error: SlipwayError;
}

/**
 * This install's containers of a kind, in all engines of what is sought. Each engine is asked once, and for its identity where something is
 * missing: one that is another by then counts as unreachable, whatever it has. `what` is for `checkIdentity`.
 */
export async function listSought(
  app: App,
  { kind, sought, what }: { readonly kind: ResourceKind; readonly sought: readonly Sought[]; readonly what: string },
): Promise<{ readonly containers: readonly ContainerSummary[]; readonly unreachable: readonly UnreachableEngine[] }> {
  const engines = new Map(sought.map(({ engine }) => [engine.endpoint, engine]));
  const containers: ContainerSummary[] = [];
  const unreachable: UnreachableEngine[] = [];
  const install = engines.size === 0 ? '' : await app.installId();
  await Promise.all(
    [...engines.values()].map(async (ref) => {
      try {
        const engine = app.engineAt(ref);
        const found = await engine.containers.list({ labels: ownFilter(install, kind), signal: app.signal });
        containers.push(...found);
        const names = new Set(found.map(({ name }) => name));
        const isMissing = sought.some(({ engine: { endpoint }, container }) => endpoint === ref.endpoint && container !== undefined && !names.has(container));
        if (isMissing) await checkIdentity(engine, ref, what);
      } catch (error) {
        if (!(error instanceof SlipwayError)) throw error;
        unreachable.push({ endpoint: ref.endpoint, error });
      }
    }),
  );
  return { containers, unreachable };
}
