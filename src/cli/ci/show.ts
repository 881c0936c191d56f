import { runStatus } from '../../runs/status.ts';
import { type Call, printResult } from '../call.ts';
import { namedRun } from './find.ts';
import { statusJson } from './show-json.ts';
import { textOf } from './show-text.ts';

export async function show(call: Call, run: string): Promise<void> {
  const status = await runStatus(call.app, await namedRun(call, run));
  printResult(call, statusJson(status), textOf(status));
}
