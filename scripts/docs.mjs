#!/usr/bin/env node
// `npm run docs`: writes what is generated of the documentation. A test holds the committed files equal.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from './setup/packages.mjs';

// Inside node_modules/, so that the bundle finds the packages that it leaves out.
const folder = mkdtempSync(join(root, 'node_modules', '.slipway-docs-'));
try {
  await build({
    absWorkingDir: root,
    entryPoints: ['scripts/docs/cli-reference.ts', 'scripts/docs/decisions-index.ts'],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
  });
  const load = (/** @type {string} */ name) => import(pathToFileURL(join(folder, name)).href);
  const { commandTree, renderReference } = await load('cli-reference.mjs');
  writeFileSync(join(root, 'docs', 'cli.md'), renderReference(await commandTree()));

  const decisions = join(root, 'docs', 'decisions');
  const pages = readdirSync(decisions).map((name) => ({ name, text: readFileSync(join(decisions, name), 'utf8') }));
  const { renderDecisions } = await load('decisions-index.mjs');
  writeFileSync(join(decisions, 'README.md'), renderDecisions(pages));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
