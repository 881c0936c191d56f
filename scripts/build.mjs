// Bundles the program and the library into dist/, or into the folder named by `--out`; with `--program` without the library's types. Both
// are CommonJS, the program in a file for what most commands need and a few for the others, beside files of packages (docs/decisions/004).
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { compile } from './build/compile.mjs';
import { buildParts } from './build/parts.mjs';
import { asFunctions, sharedHelpers, inOwnFiles, inSameFolder, ownFile, withoutChildProcess, withoutLateParts } from './build/plugins.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
const { values } = parseArgs({ options: { out: { type: 'string', default: `${root}/dist` }, program: { type: 'boolean', default: false } } });
const outdir = resolve(values.out);

/** Packages that are loaded when a command needs them, from files of their own. */
const rarelyNeeded = ['@balena/dockerignore', '@clack/prompts', 'jiti', 'tar-stream'];
/** These the library has in files of their own, and the program in one that is a part of it: their code is kept. */
const parsers = { valibot: `${root}/node_modules/valibot/dist/index.cjs`, yaml: `${root}/node_modules/yaml/dist/index.js` };
const inLibrary = [...rarelyNeeded, ...Object.keys(parsers)];

/** @type {import('esbuild').BuildOptions} */
const options = {
  absWorkingDir: root,
  outdir,
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // `require` where the source says `await import()`: Node's loader of ES modules costs 10 ms when it is first used.
  supported: { 'dynamic-import': false },
  // yaml: its CommonJS build cannot be shaken.
  alias: { yaml: `${root}/node_modules/yaml/browser/index.js`, jiti: `${root}/node_modules/jiti/lib/jiti.cjs` },
  define: {
    SLIPWAY_VERSION: JSON.stringify(version),
    'process.env.NODE_ENV': '"production"',
    'import.meta.filename': '__filename',
    'import.meta.dirname': '__dirname',
  },
  plugins: [inOwnFiles(inLibrary), withoutChildProcess('commander')],
  logLevel: 'warning',
};

rmSync(outdir, { recursive: true, force: true });
await build({ ...options, entryPoints: Object.fromEntries(inLibrary.map((name) => [ownFile(name), name])) });
/** @type {import('esbuild').BuildOptions} */
const main = {
  ...options,
  // One expression, which build/loader.cjs calls.
  banner: { js: "(function (require, module, exports, __filename, __dirname) {'use strict';" },
  footer: { js: '})' },
};
const own = { ...main, banner: { js: main.banner?.js + sharedHelpers }, alias: { ...options.alias, ...parsers } };
await buildParts({ ...own, plugins: [inOwnFiles(rarelyNeeded), withoutChildProcess('commander')] }, asFunctions(options.define ?? {}));
// As much of it as tells how it is used.
await build({ ...main, entryPoints: { help: 'src/main.ts' }, plugins: [withoutLateParts, withoutChildProcess('commander')] });
// The package is of type `module`; what is in here is not.
writeFileSync(`${outdir}/package.json`, '{ "type": "commonjs" }\n');
await compile(outdir);
await build({ ...options, entryPoints: { index: 'src/index.ts', service: 'src/service.ts' }, keepNames: true });
// The process that a ci.ts runs in. It stands beside the packages, which it finds there.
await build({
  ...options,
  outdir: `${outdir}/lib`,
  entryPoints: { 'pipeline-script': 'src/runs/pipeline/child/main.ts' },
  plugins: [inSameFolder(inLibrary)],
});
if (!values.program) emitTypes();

/** The library's types. They name their neighbours as `.ts`, which a package does not have. */
function emitTypes() {
  const types = `${outdir}/types`;
  execFileSync(process.execPath, [`${root}/node_modules/typescript/bin/tsc`, '-p', `${root}/tsconfig.types.json`, '--outDir', types], { stdio: 'inherit' });
  for (const file of readdirSync(types, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.d.ts')) continue;
    const text = readFileSync(`${types}/${file}`, 'utf8');
    writeFileSync(`${types}/${file}`, text.replace(/(from '\.[^']*)\.ts'/g, "$1.js'").replace(/(import\('\.[^']*)\.ts'/g, "$1.js'"));
  }
}
