#!/usr/bin/env node
// Runs program.js, or help.js where no command is named, from the code that V8 made of it when it was built, instead of having it
// parsed at each start. Another V8 than that one finds no such file, and parses it (docs/decisions/004).
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');

const [noun, verb] = words();
const filename = `${__dirname}/${noun === undefined ? 'help' : 'program'}.js`;
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

/** The code of a command, of its noun, or of most commands: what is loaded and not needed costs each start something. */
function compiled() {
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
