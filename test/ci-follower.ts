/** A driver in little, to be killed: runs the job that a file describes, or follows the one that another has started, and writes how it ended. */
import { readFileSync, writeFileSync } from 'node:fs';
import { JobRun, type StepLike } from './ci-job.ts';

interface FollowerOrder {
  readonly directory: string;
  readonly steps: readonly StepLike[];
  readonly names: readonly string[];
  readonly secrets: Readonly<Record<string, string>>;
  readonly adopted: boolean;
  readonly end: string;
}

const order = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as FollowerOrder;
const run = new JobRun({ directory: order.directory });
const end = await run.run(order.steps, { job: { secrets: order.names }, secrets: order.secrets, request: { adopted: order.adopted } });
writeFileSync(order.end, JSON.stringify({ end, events: run.events }));
