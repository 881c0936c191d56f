#!/usr/bin/env node
// Runs program.js, or help.js where no command is named, and the files beside it as they are needed, from the code that V8 made of them
// when they were built, instead of having them parsed at each start. Another V8 than that one finds no such code, and parses them
// (docs/decisions/004).
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');

const [noun, verb] = words();
const late = new Set(['node:child_process', 'node:crypto', 'node:fs/promises', 'node:http', 'node:net', 'node:tty']);
const loaded = new Map();

if (noun === undefined) load('help');
else load('program')['src/main.ts']();

/** @param {string} part */
function load(part) {
  const known = loaded.get(part);
  if (known !== undefined) return known;
  const filename = `${__dirname}/${part}.js`;
  const loading = { exports: {} };
  // It is plain ASCII.
  const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData: compiled(filename) });
  script.runInThisContext()(requirePart, loading, loading.exports, filename, __dirname);
  loaded.set(part, loading.exports);
  return loading.exports;
}

/** What is in another file is named with it: `runs#src/runs/model.ts`. Modules of Node.js that take 1 to 5 ms to load are loaded when something of them is used. @param {string} name */
function requirePart(name) {
  if (late.has(name)) return requireLate(name);
  const end = name.indexOf('#');
  return end === -1 ? require(name) : load(name.slice(0, end))[name.slice(end + 1)]();
}

/** @param {string} name */
function requireLate(name) {
  const describe = (_, key) => {
    const found = Object.getOwnPropertyDescriptor(require(name), key);
    return found && { ...found, configurable: true };
  };
  return new Proxy({}, { get: (_, key) => require(name)[key], ownKeys: () => Reflect.ownKeys(require(name)), getOwnPropertyDescriptor: describe });
}

/** The code of a command, of its noun, or of most commands: what is loaded and not needed costs each start something. @param {string} filename */
function compiled(filename) {
  for (const use of noun === undefined ? ['help'] : [`${noun}-${verb}`, noun, 'commands']) {
    try {
      return readFileSync(`${filename}.${use}.${process.versions.v8}-${process.arch}`);
    } catch {
      // Few have a file of their own.
    }
  }
  return undefined;
}

/** The first two words of the command line; none where no command is named. */
function words() {
  const typed = process.argv.slice(2);
  if (typed.every((word) => word.startsWith('-'))) return [];
  const named = typed[0] === '--engine' ? typed.slice(2) : typed;
  // They become part of a file's name.
  return named.slice(0, 2).map((word) => (/^[a-z-]+$/.test(word) ? word : 'other'));
}
