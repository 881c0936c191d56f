#!/usr/bin/env node
// Writes schemas/*.schema.json from the schemas that Slipway checks files with. A test holds the committed files equal.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
// Inside node_modules/, so that the bundle finds the packages that it leaves out.
const folder = mkdtempSync(join(root, 'node_modules', '.slipway-schemas-'));
try {
  const outfile = join(folder, 'render.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['scripts/schemas/render.ts'],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
  });
  const { renderPlanSchema, renderSchema, schemaNames } = await import(pathToFileURL(outfile).href);
  mkdirSync(join(root, 'schemas'), { recursive: true });
  for (const name of schemaNames) writeFileSync(join(root, 'schemas', `${name}.schema.json`), renderSchema(name, root));
  writeFileSync(join(root, 'schemas', 'plan.schema.json'), renderPlanSchema());
} finally {
  rmSync(folder, { recursive: true, force: true });
}
