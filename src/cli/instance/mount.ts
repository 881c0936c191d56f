import { resolve } from 'node:path';
import type { Mount } from '../../engine/model.ts';
import { usageError } from '../../errors.ts';
import { instanceMounts } from '../../instances/spec.ts';
import { readInstance } from '../../instances/store.ts';
import { editMounts } from '../../instances/verbs.ts';
import { change } from '../../operations/change.ts';
import { type Call, formatTable, printPlan, printResult } from '../call.ts';

export async function add(call: Call, name: string, text: string): Promise<void> {
  const mount = parseMount(text, call.app.person.home);
  const changed = await change(call.app, editMounts, { instance: name, add: mount });
  if (await printPlan(call, changed)) return;
  const done = changed.operation !== undefined;
  printResult(call, { id: name, mount: mountJson(mount), changed: done }, done ? `${mount.target} of ${name}: added.` : `${name} has that mount already.`);
  if (done) sayWhen(call, name);
}

export async function remove(call: Call, name: string, target: string): Promise<void> {
  const changed = await change(call.app, editMounts, { instance: name, remove: target.replace(/(?<=.)\/+$/, '') });
  if (await printPlan(call, changed)) return;
  printResult(call, { id: name, target, removed: true }, `${target} of ${name}: taken away. What is at its source stays.`);
  sayWhen(call, name);
}

export async function list(call: Call, name: string): Promise<void> {
  const { paths, person } = call.app;
  const mounts = instanceMounts(paths, await readInstance(paths, name, person.home));
  const rows = mounts.map(({ type, source = '', target, readOnly }) => [target, type === 'volume' ? `volume ${source}` : source, readOnly ? 'read-only' : '']);
  printResult(call, mounts.map(mountJson), formatTable(['target', 'source', ''], rows));
}

/** `SOURCE:TARGET[:ro]`: a source that is no path is a volume's name. */
export function parseMount(text: string, home: string): Mount {
  const [, source = '', target = '', mode] = /^([^:\0\r\n]+):(\/[^:\0\r\n]+?)\/*(?::(ro|rw))?$/.exec(text) ?? [];
  if (source === '' || target.split('/').includes('..'))
    throw usageError(`${JSON.stringify(text)} is not a mount.`, 'Write SOURCE:TARGET or SOURCE:TARGET:ro; the target is an absolute path in the container.');
  const isPath = /^[./~]/.test(source);
  if (!isPath && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(source))
    throw usageError(`${JSON.stringify(source)} is neither a path nor the name of a volume.`, 'A path begins with / or ./');
  return {
    // A shell makes a path of ~ only where it stands alone.
    ...(isPath ? { type: 'bind', source: resolve(source.replace(/^~(?=\/|$)/, home)) } : { type: 'volume', source }),
    target,
    ...(mode === 'ro' ? { readOnly: true } : {}),
  };
}

const mountJson = ({ type, source, target, readOnly }: Mount) => ({ type, source: source ?? null, target, read_only: readOnly ?? false });

function sayWhen(call: Call, name: string): void {
  if (!call.json) call.app.out.note(`The service has it so once its container is made anew: \`slipway instance start ${name}\`.`);
}
