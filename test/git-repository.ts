import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A person who uses git, with a home of her own, whatever the machine's settings are. */
export class GitUser {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;

  constructor(home: string) {
    this.home = home;
    mkdirSync(home, { recursive: true });
    this.env = { PATH: process.env.PATH ?? '', HOME: home, GIT_CONFIG_NOSYSTEM: '1', LC_ALL: 'C' };
    writeFileSync(
      join(home, '.gitconfig'),
      '[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n[protocol "file"]\n\tallow = always\n',
    );
  }

  git(cwd: string, ...args: readonly string[]): string {
    return this.gitWith(cwd, {}, ...args);
  }

  gitWith(cwd: string, options: { readonly input?: string | Buffer; readonly env?: Readonly<Record<string, string>> }, ...args: readonly string[]): string {
    const { input = '', env = {} } = options;
    return execFileSync('git', args, { cwd, env: { ...this.env, ...env }, input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'], maxBuffer: 1e9 }).trim();
  }

  /** A line as a shell takes it. */
  run(cwd: string, line: string): string {
    return execFileSync('sh', ['-c', line], { cwd, env: this.env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  }

  init(path: string, ...flags: readonly string[]): GitRepository {
    mkdirSync(path, { recursive: true });
    this.git(path, 'init', '-q', ...flags);
    return new GitRepository(this, path);
  }
}

export class GitRepository {
  readonly user: GitUser;
  readonly path: string;

  constructor(user: GitUser, path: string) {
    this.user = user;
    this.path = path;
  }

  git(...args: readonly string[]): string {
    return this.user.git(this.path, ...args);
  }

  /** Names are bytes here: a string stands for its UTF-8. */
  write(name: string | Buffer, content: string | Buffer, mode = 0o644): void {
    const file = Buffer.concat([Buffer.from(`${this.path}/`), Buffer.from(name)]);
    if (typeof name === 'string') mkdirSync(dirname(join(this.path, name)), { recursive: true });
    writeFileSync(file, content);
    chmodSync(file, mode);
  }

  /** Commits everything and gives the commit's id. */
  commit(message = 'Change'): string {
    this.git('add', '-A');
    this.git('commit', '-q', '--allow-empty', '-m', message);
    return this.git('rev-parse', 'HEAD');
  }

  tree(revision = 'HEAD'): string {
    return this.git('rev-parse', `${revision}^{tree}`);
  }

  /** A commit whose tree holds exactly these entries, however wrong they are. */
  commitOf(entries: readonly (readonly [mode: string, name: string, id: string])[]): string {
    const content = Buffer.concat(entries.flatMap(([mode, name, id]) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]));
    const tree = this.user.gitWith(this.path, { input: content }, 'hash-object', '-t', 'tree', '-w', '--stdin', '--literally');
    return this.git('commit-tree', '-m', 'Made', tree);
  }

  blob(content: string | Buffer): string {
    return this.user.gitWith(this.path, { input: content }, 'hash-object', '-w', '--stdin');
  }
}

/** What is below a folder, by name (one character a byte): `-` or `x` and the content of a file, `->` and the target of a link, `d` of an empty folder. */
export function contentOf(folder: string): Readonly<Record<string, string>> {
  const found: [string, string][] = [];
  const walk = (at: Buffer, name: string) => {
    const stats = lstatSync(at);
    if (stats.isSymbolicLink()) found.push([name, `-> ${readlinkSync(at, 'buffer').toString('latin1')}`]);
    else if (stats.isFile()) found.push([name, `${stats.mode & 0o100 ? 'x' : '-'} ${readFileSync(at, 'latin1')}`]);
    else {
      const names = readdirSync(at, { encoding: 'buffer' });
      if (names.length === 0 && name !== '') found.push([name, 'd']);
      for (const one of names) walk(Buffer.concat([at, Buffer.from('/'), one]), name === '' ? one.toString('latin1') : `${name}/${one.toString('latin1')}`);
    }
  };
  walk(Buffer.from(folder), '');
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}
