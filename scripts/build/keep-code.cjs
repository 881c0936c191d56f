// Runs one command of the built program, as loader.cjs does, and keeps the code of the functions that it used, with those of the
// commands before it.
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { Script } = require('node:vm');

const filename = process.env.SLIPWAY_BUILT;
const file = `${filename}.${process.env.SLIPWAY_CODE}.${process.versions.v8}-${process.arch}`;
const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData: existsSync(file) ? readFileSync(file) : undefined });
process.on('exit', () => writeFileSync(file, script.createCachedData()));
// Its templates are the checkout's, wherever it was built to.
const checkout = join(__dirname, '../../dist');
script.runInThisContext()(createRequire(filename), module, exports, join(checkout, 'program.js'), checkout);
