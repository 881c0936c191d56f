import type { Sandbox } from './sandbox.ts';

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
