import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/packages.mjs';
import { configFolder, repositoryFolder, snippetFile } from './folders.mjs';
import { quietly } from './terminal.mjs';

/** The sample repository as a real one, with one commit. Its date is fixed, so that every demo has the same. */
export async function makeRepository() {
  rmSync(repositoryFolder, { recursive: true, force: true });
  cpSync(join(root, 'samples', 'hello'), repositoryFolder, { recursive: true });
  const date = '2026-01-01T00:00:00Z';
  const author = ['-c', 'user.name=Demo', '-c', 'user.email=demo@example.com', '-c', 'commit.gpgsign=false'];
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
  await quietly(['git', 'init', '-q', '-b', 'main', repositoryFolder], { env });
  await quietly(['git', '-C', repositoryFolder, 'add', '--all'], { env });
  await quietly(['git', '-C', repositoryFolder, ...author, 'commit', '-q', '-m', 'Greet people in English and Spanish'], { env });
}

/**
 * What a person would write: config.yml, and one file for an agent of their own.
 * @param {{ engine: string, base: string }} settings the base image as config.yml names it
 */
export function writeConfiguration({ engine, base }) {
  mkdirSync(join(configFolder, 'agents'), { recursive: true });
  writeFileSync(join(configFolder, 'config.yml'), `engine: ${engine}\nbase: ${base}\nagents: [scribe]\ndefault_agent: scribe\n`);
  cpSync(join(root, 'samples', 'agents', 'scribe.yml'), join(configFolder, 'agents', 'scribe.yml'));
  writeFileSync(snippetFile, 'ENV GREETING=hello\n');
}

export function hasConfiguration() {
  return existsSync(join(configFolder, 'config.yml'));
}
