import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { materialize } from '../../src/runs/workspace/materialize.ts';
import { type NamedSource, resolveSource } from '../../src/runs/workspace/source.ts';
import type { Paths } from '../../src/state/paths.ts';
import { contentOf, type GitRepository, GitUser } from '../git-repository.ts';

export interface Made {
  readonly tree: string;
  readonly content: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly source: NamedSource;
}

/** A person, her repositories, and Slipway's folders. */
export class WorkspaceBox {
  readonly root = mkdtempSync('/var/tmp/slipway-workspace-');
  readonly user = new GitUser(this.path('home'));
  readonly paths: Paths = { config: this.path('config'), state: this.path('state'), cache: this.path('cache') };
  #made = 0;

  path(...parts: readonly string[]): string {
    return join(this.root, ...parts);
  }

  resolve(cwd: string, revision = 'HEAD', options: { readonly dirty?: boolean; readonly env?: Readonly<Record<string, string>> } = {}): Promise<NamedSource> {
    return resolveSource(cwd, revision, { ...this.caller(options.env), dirty: options.dirty ?? false });
  }

  /** Resolves and materializes; where that fails, it holds that nothing is left. */
  async make(cwd: string, revision = 'HEAD', options: { readonly dirty?: boolean; readonly env?: Readonly<Record<string, string>> } = {}): Promise<Made> {
    return this.materialize(await this.resolve(cwd, revision, options), options.env);
  }

  async materialize(source: NamedSource, env: Readonly<Record<string, string>> = {}, signal?: AbortSignal): Promise<Made> {
    const folder = this.path('cache/runs', source.name, String(++this.#made), 'workspace');
    try {
      const { tree } = await materialize({ ...this.caller(env), ...(signal ? { signal } : {}), source, directory: folder, temporary: `${folder}.new` });
      this.#holdOnly(folder, ['workspace']);
      return { tree, content: contentOf(folder), folder, source };
    } catch (error) {
      this.#holdOnly(folder, []);
      throw error;
    }
  }

  /** The tree of a folder's files as a repository without any settings has it: a second way to the same id. */
  treeOf(folder: string, ...flags: readonly string[]): string {
    const other = this.user.init(this.path(`check-${++this.#made}`), ...flags);
    other.write('.git/info/attributes', '* -text -ident -filter !eol !working-tree-encoding\n');
    const env = { GIT_DIR: join(other.path, '.git'), GIT_WORK_TREE: folder };
    this.user.gitWith(folder, { env }, 'add', '--all', '--force');
    return this.user.gitWith(folder, { env }, 'write-tree');
  }

  /** Does what an error's hint says, as the person would: `command` finds it in the hint. */
  follow(error: unknown, command: RegExp, cwd: string): void {
    const { hint } = error as { readonly hint: string };
    const words = command.exec(hint)?.[1];
    if (words === undefined) throw new Error(`no such command in: ${hint}`);
    this.user.run(cwd, `git ${words}`);
  }

  /** A git that notes each call: folder, git directory, alternates, arguments. */
  watchGit(): { readonly env: Readonly<Record<string, string>>; readonly log: () => string } {
    const log = this.path('git.log');
    const real = this.user.run(this.root, 'command -v git');
    mkdirSync(this.path('bin'));
    const script = `#!/bin/sh\necho "[$PWD] [$GIT_DIR] [$GIT_ALTERNATE_OBJECT_DIRECTORIES] $*" >>'${log}'\nexec '${real}' "$@"\n`;
    writeFileSync(this.path('bin/git'), script, { mode: 0o755 });
    return { env: { PATH: `${this.path('bin')}:${process.env.PATH}` }, log: () => readFileSync(log, 'utf8') };
  }

  dispose(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  caller(env: Readonly<Record<string, string>> = {}) {
    return { paths: this.paths, env: { ...this.user.env, ...env }, signal: new AbortController().signal };
  }

  #holdOnly(folder: string, names: readonly string[]): void {
    let found: readonly string[] = [];
    try {
      found = readdirSync(dirname(folder));
    } catch {
      // Nothing was made at all.
    }
    if (found.join() !== names.join()) throw new Error(`left beside the workspace: ${found.join(', ')}`);
  }
}

/** A box with a repository of one commit, whose content is `demoContent`. */
export function demoBox(): { readonly box: WorkspaceBox; readonly repository: GitRepository } {
  const box = new WorkspaceBox();
  const repository = box.user.init(box.path('demo'));
  repository.write('file', 'old\n');
  repository.write('folder/file', 'old\n');
  repository.commit('First');
  return { box, repository };
}

export const demoContent = { file: '- old\n', 'folder/file': '- old\n' };
