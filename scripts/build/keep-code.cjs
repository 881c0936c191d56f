// Runs one command of the built program by its loader, and keeps the code of the functions that it used, with those of the commands
// before it: a file for each file of the program.
const { existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { basename, join } = require('node:path');
const vm = require('node:vm');

const outdir = process.env.SLIPWAY_BUILT;
const use = process.argv[3] === 'drive' ? 'ci-drive' : process.env.SLIPWAY_CODE;
/** @type {Map<string, import('node:vm').Script>} */
const scripts = new Map();

vm.Script = class extends vm.Script {
  constructor(text, { filename }) {
    const file = codeOf(filename);
    super(text, { filename, cachedData: existsSync(file) ? readFileSync(file) : undefined });
    scripts.set(file, this);
  }

  runInThisContext() {
    const run = super.runInThisContext();
    // Its templates are the checkout's, wherever it was built to.
    return (load, module, exports, filename, folder) => run(load, module, exports, join(__dirname, '../../dist', basename(filename)), folder);
  }
};
if (use) process.on('exit', keep);
require(join(outdir, 'loader.cjs'));

/** @param {string} filename */
function codeOf(filename) {
  return `${filename}.${use}.${process.versions.v8}-${process.arch}`;
}

/** A run's driver may still end when the next one reads. */
function keep() {
  for (const [file, script] of scripts) {
    writeFileSync(`${file}.${process.pid}`, script.createCachedData());
    renameSync(`${file}.${process.pid}`, file);
  }
}
