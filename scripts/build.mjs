// Bundles the program and the library into dist/, or into the folder named by `--out`; with `--program` the program alone. Each is one
// CommonJS file, whose parts are run when they are needed (docs/decisions/004).
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
const { values } = parseArgs({ options: { out: { type: 'string', default: `${root}/dist` }, program: { type: 'boolean', default: false } } });
const outdir = resolve(values.out);

rmSync(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { slipway: 'src/main.ts', ...(values.program ? {} : { index: 'src/index.ts' }) },
  outdir,
  bundle: true,
  minify: true,
  keepNames: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // yaml: its CommonJS build cannot be shaken.
  alias: { yaml: `${root}/node_modules/yaml/browser/index.js` },
  define: { SLIPWAY_VERSION: JSON.stringify(version), 'process.env.NODE_ENV': '"production"', 'import.meta.url': 'moduleUrl' },
  banner: { js: "#!/usr/bin/env node\nconst moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  plugins: [withoutChildProcess('commander')],
  logLevel: 'warning',
});
// The package is of type `module`; the program alone is not.
writeFileSync(`${outdir}/package.json`, '{ "type": "commonjs" }\n');
chmodSync(`${outdir}/slipway.js`, 0o755);
if (!values.program) emitTypes();

/** commander loads node:child_process for subcommands that are programs of their own, which Slipway has none of: it costs 5 ms of every start. */
function withoutChildProcess(importer) {
  return {
    name: 'without-child-process',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^node:child_process$/ }, (args) =>
        args.importer.includes(`/node_modules/${importer}/`) ? { path: args.path, namespace: 'nothing' } : undefined,
      );
      onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'module.exports = {};' }));
    },
  };
}

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
