// Runs one command of the built program, as loader.cjs does, and keeps the code of the functions that it used, with those of the
// commands before it.
const { existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { Script } = require('node:vm');

const outdir = process.env.SLIPWAY_BUILT;
const use = process.argv[3] === 'drive' ? 'ci-drive' : process.env.SLIPWAY_CODE;
const filename = join(outdir, use === 'help' ? 'help.js' : 'program.js');
const file = `${filename}.${use}.${process.versions.v8}-${process.arch}`;
const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData: existsSync(file) ? readFileSync(file) : undefined });
if (use) process.on('exit', keep);
// Its templates are the checkout's, wherever it was built to.
script.runInThisContext()(createRequire(filename), module, exports, join(__dirname, '../../dist/program.js'), outdir);

/** A run's driver may still end when the next one reads. */
function keep() {
  writeFileSync(`${file}.${process.pid}`, script.createCachedData());
  renameSync(`${file}.${process.pid}`, file);
}
