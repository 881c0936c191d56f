import { lab } from './lab.ts';
import type { Sandbox } from './sandbox.ts';

/** `slipway release build --json`, as far as tests look at it. */
export interface ReleaseJson {
  readonly id: string;
  readonly service: string;
  readonly version: string;
  readonly directory: string;
  readonly git_commit: string;
  readonly image_digest: string;
  readonly digest: string;
  readonly reused: boolean;
}

/** A service whose image is built from its Dockerfile; each version's is another one. */
export const plainService = (version: string) => ({
  '.slipway/service.yml': 'files: [bin, conf/*.yml]\nrequired_files: [bin/start]\nhealth: { http: /health }\n',
  Dockerfile: `FROM ${lab.images.tiny}\nCOPY bin/start /start\nCMD ["sleep", "1000"]\n`,
  'bin/start': `#!/bin/sh\necho ${version}\n`,
  'conf/a.yml': 'a: 1\n',
  'conf/notes.txt': 'not a setting\n',
});

/** A service's repository of the person's, whose versions are tags. */
export class ServiceRepository {
  private readonly box: Sandbox;
  readonly name: string;
  readonly path: string;

  private constructor(box: Sandbox, name: string, path: string) {
    this.box = box;
    this.name = name;
    this.path = path;
  }

  static async make(box: Sandbox, name: string, files: Readonly<Record<string, string>>, tag?: string): Promise<ServiceRepository> {
    const repository = new ServiceRepository(box, name, await box.repository(name, files));
    if (tag !== undefined) await repository.git('tag', tag);
    return repository;
  }

  git(...args: readonly string[]): Promise<string> {
    return this.box.as(['git', '-C', this.path, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args]);
  }

  write(path: string, text: string): void {
    this.box.write(`${this.name}/${path}`, text);
  }

  /** Commits these files as they are, and gives the commit a tag. */
  async version(tag: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
    for (const [path, text] of Object.entries(files)) this.write(path, text);
    await this.git('add', '-A');
    await this.git('commit', '-q', '--allow-empty', '-m', tag);
    await this.git('tag', tag);
    return this.git('rev-parse', 'HEAD');
  }

  /** What a person would see changed: HEAD, the branch, the index, the work tree with what is not committed, tags, the stash. */
  async state(): Promise<string> {
    const asked = [
      ['rev-parse', 'HEAD'],
      ['symbolic-ref', 'HEAD'],
      ['status', '--porcelain'],
      ['ls-files', '--stage'],
      ['for-each-ref'],
      ['diff'],
      ['worktree', 'list'],
    ];
    const said: string[] = [];
    for (const args of asked) said.push(await this.git(...args));
    return said.join('\n---\n');
  }
}
