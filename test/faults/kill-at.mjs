// Preloaded into the program (`node --import`): kills it with SIGKILL at one of the journal's writes.
//   KILL_AT=3:before   just before the third write begins        KILL_AT=3:after   when it is done
//   KILL_LOG=FILE      a line for each write: `opened`, `begin`, `intent container.stop`, `done container.stop`, `child`, `end`, `filed` or `removed`
import { appendFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const [at, when] = (process.env.KILL_AT ?? '0:before').split(':');
let writes = 0;

async function journaled(kind, write) {
  writes += 1;
  const mine = writes;
  if (process.env.KILL_LOG) appendFileSync(process.env.KILL_LOG, `${kind}\n`);
  if (mine === Number(at) && when === 'before') die();
  const result = await write();
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

const { open, appendFile, rm } = promises;
promises.open = async (path, flags, ...rest) => {
  const writing = isOpen(path) && typeof flags === 'string' && flags.startsWith('a');
  if (!writing) return open(path, flags, ...rest);
  const handle = await journaled('opened', () => open(path, flags, ...rest));
  const append = handle.appendFile.bind(handle);
  handle.appendFile = (text, ...more) => journaled(kindOf(JSON.parse(String(text))), () => append(text, ...more));
  return handle;
};
promises.appendFile = (path, ...rest) => (isMonth(path) ? journaled('filed', () => appendFile(path, ...rest)) : appendFile(path, ...rest));
promises.rm = (path, ...rest) => (isOpen(path) ? journaled('removed', () => rm(path, ...rest)) : rm(path, ...rest));
syncBuiltinESMExports();
