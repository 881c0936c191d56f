import type { Engine } from '../engine/model.ts';

/** The last lines of both streams, for a message. */
export async function lastLines(engine: Engine, container: string, lines: number): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of engine.containers.logs(container, { tail: lines, timeoutMs: 5_000 })) chunks.push(chunk.data);
  return Buffer.concat(chunks).toString('utf8').trimEnd();
}
