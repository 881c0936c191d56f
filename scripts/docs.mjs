#!/usr/bin/env node
// `npm run docs`: writes what is generated of the documentation. A test holds the committed files equal.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from './setup/packages.mjs';

// Inside node_modules/, so that the bundle finds the packages that it leaves out.
const folder = mkdtempSync(join(root, 'node_modules', '.slipway-docs-'));
try {
  const outfile = join(folder, 'cli-reference.mjs');
  await build({ absWorkingDir: root, entryPoints: ['scripts/docs/cli-reference.ts'], outfile, bundle: true, packages: 'external', platform: 'node', target: 'node20', format: 'esm', logLevel: 'warning' });
  const { commandTree, renderReference } = await import(pathToFileURL(outfile).href);
  writeFileSync(join(root, 'docs', 'cli.md'), renderReference(await commandTree()));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
