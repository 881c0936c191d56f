import { usageError } from '../../errors.ts';
import { change } from '../../operations/change.ts';
import { type TreeFile, treeHash } from '../../runs/pipeline/tree.ts';
import { readTrust } from '../../runs/pipeline/trust.ts';
import { trustPipeline } from '../../runs/pipeline/verbs.ts';
import { readScriptTree, readTreeAt } from '../../runs/pipeline/tree-at.ts';
import { printable } from '../../state/yaml.ts';
import { canAsk, type Call, formatTable, printPlan, printResult } from '../call.ts';
import { confirm, declined } from '../questions.ts';
import { worktree } from './worktree.ts';

export async function trust(call: Call, revision: string | undefined, options: { readonly yes?: true | undefined }): Promise<void> {
  const { files, home } = revision === undefined ? await fromWorktree(call) : await readTreeAt(call.app, process.cwd(), revision);
  const sha256 = treeHash(files);
  const known = (await readTrust(call.app.paths, home)).some((tree) => tree.sha256 === sha256);
  const asks = !known && options.yes !== true && !call.app.dryRun;
  if (asks) await ask(call, sha256, files);
  const changed = await change(call.app, trustPipeline, { home, sha256 });
  if (await printPlan(call, changed)) return;
  const value = {
    sha256,
    files: files.map(({ path, mode, bytes }) => ({ path: path.toString(), mode, size_bytes: bytes.length })),
    changed: changed.plan.steps.length > 0,
  };
  printResult(call, value, asks ? 'Trusted.' : `${textOf(sha256, files)}\n\n${known ? 'This was trusted before.' : 'Trusted.'}`);
}

async function fromWorktree(call: Call) {
  const { top, home } = await worktree(call);
  return { files: await readScriptTree(top), home };
}

async function ask(call: Call, sha256: string, files: readonly TreeFile[]): Promise<void> {
  if (!canAsk(call))
    throw usageError(
      'Trust has to be confirmed, and there is nobody to ask.',
      'Read the files, then add --yes; --dry-run shows the hash that would be trusted.',
    );
  call.app.out.note(textOf(sha256, files));
  if (!(await confirm(call, 'May this code run on this machine, as you?'))) throw declined('Nothing was trusted.');
}

function textOf(sha256: string, files: readonly TreeFile[]): string {
  const rows = files.map(({ path, mode, bytes }) => [
    `.slipway/${printable(path.toString())}`,
    mode,
    mode === '120000' ? `→ ${printable(bytes.toString())}` : `${bytes.length} bytes`,
  ]);
  return `${formatTable(['file', 'mode', 'content'], rows)}\n\nsha256 ${sha256}`;
}
