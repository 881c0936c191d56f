import type { Engine, ExecSpec } from '../../engine/model.ts';

export interface Executed {
  readonly exitCode: number;
  /** Both streams, at most the last 16 KiB. */
  readonly text: string;
}

/** Runs a short command in a container to its end. */
export async function execute(engine: Engine, container: string, spec: ExecSpec, signal: AbortSignal): Promise<Executed> {
  const session = await engine.containers.exec(container, spec, { signal });
  let text = '';
  for await (const { data } of session.output) text = (text + data.toString('utf8')).slice(-16_384);
  return { exitCode: await session.exitCode(), text: text.trim() };
}
