// Bundles the program and the library into dist/, or into the folder named by `--out`. Code splitting keeps each command's heavy
// parts out of every start.
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
const { values } = parseArgs({ options: { out: { type: 'string', default: `${root}/dist` } } });
const outdir = resolve(values.out);

rmSync(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { slipway: 'src/main.ts' },
  outdir,
  bundle: true,
  splitting: true,
  minify: true,
  keepNames: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  chunkNames: 'chunks/[name]-[hash]',
  // Its CommonJS build has no named exports for `await import()`, and cannot be shaken.
  alias: { yaml: `${root}/node_modules/yaml/browser/index.js` },
  define: { SLIPWAY_VERSION: JSON.stringify(version), 'process.env.NODE_ENV': '"production"' },
  // CommonJS packages in the bundle ask for Node's own modules by require().
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  logLevel: 'warning',
});
// The banner would stand above a `#!` line of the source.
const program = `${outdir}/slipway.js`;
writeFileSync(program, `#!/usr/bin/env node\n${readFileSync(program, 'utf8')}`);
chmodSync(program, 0o755);
