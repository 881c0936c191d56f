import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../src/host/process.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

export interface InstalledPackage {
  /** An empty folder but for the package in its node_modules; every user may read it. */
  readonly directory: string;
  remove(): void;
}

/** Packs Slipway as `npm publish` would and installs the archive in an empty folder. */
export async function installPackage(): Promise<InstalledPackage> {
  const directory = mkdtempSync('/var/tmp/slipway-package-');
  const source = join(directory, 'source');
  const place = join(directory, 'place');
  for (const folder of [source, place]) mkdirSync(folder);
  // Of a copy: the checkout's own dist/ is another process's, or old.
  for (const name of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'docs', 'schemas', 'templates']) {
    cpSync(join(root, name), join(source, name), { recursive: true });
  }
  await ok([process.execPath, join(root, 'scripts/build.mjs'), '--out', join(source, 'dist')], root);
  await ok(['npm', 'pack', '--ignore-scripts', '--pack-destination', directory], source);
  const archive = readdirSync(directory).find((name) => name.endsWith('.tgz')) ?? '';
  writeFileSync(join(place, 'package.json'), '{ "private": true, "type": "module" }\n');
  await ok(['npm', 'install', '--no-audit', '--no-fund', '--offline', join(directory, archive)], place);
  await ok(['chmod', '-R', 'a+rX', directory], directory);
  rmSync(source, { recursive: true });
  return { directory: place, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

async function ok(argv: readonly string[], cwd: string): Promise<void> {
  const end = await run(argv, { cwd, timeoutMs: 300_000 });
  if (end.exitCode !== 0) throw new Error(`${argv.join(' ')} ended with ${end.exitCode ?? end.signal}:\n${end.stdout}${end.stderr}`);
}
