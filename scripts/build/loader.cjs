#!/usr/bin/env node
// Runs program.js from the code that V8 made of it when it was built, instead of having it parsed at each start. Another V8 than
// that one finds no such file, and parses it (docs/decisions/004).
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');

const filename = `${__dirname}/program.js`;
// It is plain ASCII.
const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData: compiled() });
script.runInThisContext()(require, module, exports, filename, __dirname);

function compiled() {
  // Help needs a fifth of what commands do.
  const use = process.argv[2] === undefined || process.argv[2].startsWith('-') ? 'help' : 'commands';
  try {
    return readFileSync(`${filename}.${use}.${process.versions.v8}-${process.arch}`);
  } catch {
    return undefined;
  }
}
