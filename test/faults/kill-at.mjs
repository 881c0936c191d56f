// Preloaded into the program (`node --import`): kills it with SIGKILL at one of the journal's writes.
//   KILL_AT=3:before   just before the third write begins        KILL_AT=3:after   when it is done
//   KILL_LOG=FILE      a line for each write: `opened`, `begin`, `intent container.stop`, `done container.stop`, `child`, `end`, `filed` or `removed`
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [at, when] = (process.env.KILL_AT ?? '0:before').split(':');
const { openSync, closeSync, appendFileSync, rmSync } = fs;
let writes = 0;

function journaled(kind, write) {
  writes += 1;
  const mine = writes;
  if (process.env.KILL_LOG) appendFileSync(process.env.KILL_LOG, `${kind}\n`);
  if (mine === Number(at) && when === 'before') die();
  const result = write();
  if (mine === Number(at) && when === 'after') die();
  return result;
}

function die() {
  process.kill(process.pid, 'SIGKILL');
  // The signal may take a moment to arrive; nothing more is done.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const isOpen = (path) => typeof path === 'string' && /\/journal\/open\/[^/]+\.jsonl$/.test(path);
const isMonth = (path) => typeof path === 'string' && /\/journal\/\d{4}-\d{2}\.jsonl$/.test(path);

let steps = [];
function kindOf({ type, plan, step }) {
  if (plan) steps = plan.steps;
  return step === undefined ? type : `${type} ${steps[step]?.do}`;
}

const handles = new Set();
fs.openSync = (path, flags, ...rest) => {
  if (!(isOpen(path) && typeof flags === 'string' && flags.startsWith('a'))) return openSync(path, flags, ...rest);
  const handle = journaled('opened', () => openSync(path, flags, ...rest));
  handles.add(handle);
  return handle;
};
fs.closeSync = (handle) => {
  handles.delete(handle);
  closeSync(handle);
};
fs.appendFileSync = (to, text, ...rest) => {
  const write = () => appendFileSync(to, text, ...rest);
  if (isMonth(to)) return journaled('filed', write);
  return handles.has(to) ? journaled(kindOf(JSON.parse(String(text))), write) : write();
};
fs.rmSync = (path, ...rest) => (isOpen(path) ? journaled('removed', () => rmSync(path, ...rest)) : rmSync(path, ...rest));
syncBuiltinESMExports();
