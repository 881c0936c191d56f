#!/usr/bin/env node
// Runs program.js from the code that V8 made of it when it was built, instead of having it parsed at each start. Another V8 than
// that one finds no such file, and parses it (docs/decisions/004).
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');

const filename = `${__dirname}/program.js`;
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
  // Help needs a fifth of what commands do.
  const use = process.argv[2] === undefined || process.argv[2].startsWith('-') ? 'help' : 'commands';
  try {
    return readFileSync(`${filename}.${use}.${process.versions.v8}-${process.arch}`);
  } catch {
    return undefined;
  }
}
