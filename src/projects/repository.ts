export type RepositoryKind = 'ssh' | 'http' | 'git' | 'local';

/** How git would reach it; `undefined`: not an address that Slipway takes. */
export function repositoryKind(value: string): RepositoryKind | undefined {
  if (repositoryProblem(value) !== undefined) return undefined;
  if (/^(?:\/|~\/|file:\/\/\/)/.test(value)) return 'local';
  if (/^https?:\/\//.test(value)) return 'http';
  if (value.startsWith('git://')) return 'git';
  return 'ssh';
}

/** What is wrong with a repository's address, in words; `undefined`: nothing that can be seen without asking it. */
export function repositoryProblem(value: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (value === '' || /[\x00-\x20\x7f]/.test(value.startsWith('/') || value.startsWith('~/') ? value.replaceAll(' ', '') : value)) {
    return 'expected an address without blanks';
  }
  if (value.startsWith('-')) return 'expected an address that does not start with a dash';
  // `ext::sh -c …` runs a program.
  if (/^[A-Za-z0-9]+::/.test(value)) return 'git remote helpers (`helper::address`) are not taken';
  if (/^(?:\/|~\/)/.test(value)) return undefined;
  if (/^[a-z+]+:\/\//i.test(value)) return urlProblem(value);
  // scp-like: [user@]host:path
  if (/^(?:[\w.-]+@)?(?!-)(?:[\w.-]+|\[[0-9a-fA-F:]+\]):(?!-)[^:]+$/.test(value)) return undefined;
  return 'expected an SSH or HTTPS address, or an absolute path';
}

function urlProblem(value: string): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const scheme = value.slice(0, value.indexOf(':'));
  if (!['ssh', 'git+ssh', 'https', 'http', 'git', 'file'].includes(scheme)) return `git addresses with ${scheme}:// are not taken`;
  if (url === undefined) return 'expected a whole address';
  if (url.password !== '') return 'holds a password, and this file is not for secrets: leave it to git (a credential helper or SSH)';
  if (scheme === 'file') return url.pathname.length > 1 && url.host === '' ? undefined : 'expected file:/// and an absolute path';
  if (url.hostname === '' || url.hostname.startsWith('-') || url.username.startsWith('-')) return 'expected the name of a host';
  return url.pathname.length > 1 ? undefined : 'expected a path after the host';
}
