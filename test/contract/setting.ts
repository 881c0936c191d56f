import { afterAll, expect } from 'vitest';
import type { ContainerSpec, Engine, ExecSpec, Labels, LogChunk } from '../../src/engine/model.ts';
import { connectLab, lab, type LabEngine, removeLabelled, uniqueName } from '../lab.ts';

/** What each part of the contract is given: one engine, and a label that everything it makes carries. */
export interface Setting {
  readonly lab: LabEngine;
  readonly engine: Engine;
  readonly labels: Labels;
  readonly tiny: string;
  readonly name: () => string;
  /** Creates, with the tiny image and our label. */
  readonly create: (spec?: Partial<ContainerSpec>) => Promise<string>;
  /** Creates and starts; stays up unless `command` says otherwise. */
  readonly start: (spec?: Partial<ContainerSpec>) => Promise<string>;
  /** The same, and waits for its `sleep`: an init process that has only just begun does not hear TERM yet. */
  readonly startUp: () => Promise<string>;
  /** Runs to the end. */
  readonly exec: (id: string, spec: ExecSpec, input?: string) => Promise<ExecResult>;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function setUp(labEngine: LabEngine): Setting {
  const engine = connectLab(labEngine);
  const labels = { 'slipway-contract': uniqueName('run') };
  const name = () => uniqueName('contract');
  const create: Setting['create'] = (spec = {}) =>
    engine.containers.create({
      name: name(),
      image: lab.images.tiny,
      command: ['sleep', '600'],
      network: 'none',
      ...spec,
      labels: { ...labels, ...spec.labels },
    });
  afterAll(async () => {
    await removeLabelled(engine, labels);
    engine.close();
  });
  const start: Setting['start'] = async (spec) => {
    const id = await create(spec);
    await engine.containers.start(id);
    return id;
  };
  const exec: Setting['exec'] = async (id, spec, input) => {
    const session = await engine.containers.exec(id, { ...spec, stdin: input !== undefined });
    session.stdin?.end(input);
    const output = await collect(session.output);
    return { ...output, exitCode: await session.exitCode() };
  };
  return {
    lab: labEngine,
    engine,
    labels,
    tiny: lab.images.tiny,
    name,
    create,
    start,
    async startUp() {
      const id = await start();
      await expect.poll(async () => (await exec(id, { command: ['ps'] })).stdout, { timeout: 10_000 }).toMatch(/^ *\d+ +\w+ +sleep 600$/m);
      return id;
    },
    exec,
  };
}

export async function collect(chunks: AsyncIterable<LogChunk>): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const parts: Record<LogChunk['stream'], Buffer[]> = { stdout: [], stderr: [] };
  for await (const { stream, data } of chunks) parts[stream].push(data);
  return { stdout: Buffer.concat(parts.stdout).toString('utf8'), stderr: Buffer.concat(parts.stderr).toString('utf8') };
}
