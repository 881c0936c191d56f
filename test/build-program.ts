import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { run } from '../src/host/process.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Vitest's global set-up: bundles the program into a folder of its own that every user of the tests can read, as an installed
 * package is. The checkout may be root's alone.
 */
export default async function buildProgram({ provide }: TestProject): Promise<() => void> {
  // A program that is built already, such as an installed package.
  const given = process.env.SLIPWAY_TEST_PROGRAM;
  if (given) {
    provide('program', given);
    return () => {};
  }
  const directory = mkdtempSync('/var/tmp/slipway-program-');
  const built = await run(['chmod', '755', directory]);
  const end = built.exitCode === 0 ? await run([process.execPath, join(root, 'scripts/build.mjs'), '--program', '--out', join(directory, 'dist')]) : built;
  if (end.exitCode !== 0) throw new Error(`the program could not be built:\n${end.stdout}${end.stderr}`);
  for (const folder of ['templates', 'package.json']) cpSync(join(root, folder), join(directory, folder), { recursive: true });
  await run(['chmod', '-R', 'a+rX', directory]);
  provide('program', join(directory, 'dist/slipway.js'));
  return () => rmSync(directory, { recursive: true, force: true });
}

declare module 'vitest' {
  export interface ProvidedContext {
    program: string;
  }
}
