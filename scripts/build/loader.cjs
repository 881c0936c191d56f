#!/usr/bin/env node
// Runs program.js, or help.js where no command is named, from the code that V8 made of it when it was built, instead of having it
// parsed at each start. Another V8 than that one finds no such file, and parses it (docs/decisions/004).
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');

const used = use();
const filename = `${__dirname}/${used === 'help' ? 'help' : 'program'}.js`;
const late = new Set(['node:child_process', 'node:crypto', 'node:fs/promises', 'node:http', 'node:net', 'node:tty']);
// It is plain ASCII.
const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData: compiled() });
script.runInThisContext()(requireLate, module, exports, filename, __dirname);

/** Modules of Node.js that take 1 to 5 ms to load are loaded when something of them is used. @param {string} name */
function requireLate(name) {
  if (!late.has(name)) return require(name);
  const describe = (_, key) => {
    const found = Object.getOwnPropertyDescriptor(require(name), key);
    return found && { ...found, configurable: true };
  };
  return new Proxy({}, { get: (_, key) => require(name)[key], ownKeys: () => Reflect.ownKeys(require(name)), getOwnPropertyDescriptor: describe });
}

function compiled() {
  try {
    return readFileSync(`${filename}.${used}.${process.versions.v8}-${process.arch}`);
  } catch {
    return undefined;
  }
}

/** Which parts it will need: each has its own file of code. */
function use() {
  const words = process.argv.slice(2);
  if (words.every((word) => word.startsWith('-'))) return 'help';
  const [noun, verb] = words[0] === '--engine' ? words.slice(2) : words;
  if (noun !== 'ci') return 'commands';
  return verb === 'drive' ? 'drive' : 'ci';
}
