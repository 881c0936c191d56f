/** What a repository has at its top, as far as a first pipeline can be told from it. */
export interface Seen {
  readonly files: readonly string[];
  readonly packageJson: string | undefined;
  readonly makefile: string | undefined;
  readonly pyproject: string | undefined;
  readonly cargo: string | undefined;
  readonly goMod: string | undefined;
}

export interface FirstJob {
  readonly name: string;
  readonly needs?: readonly string[];
  readonly steps: readonly string[];
}

export interface FirstJobs {
  /** What it was told from; empty: nothing that is known. */
  readonly from: readonly string[];
  readonly jobs: readonly FirstJob[];
}

interface Part {
  readonly from: string;
  /** Stands before its jobs' names where there are other parts. */
  readonly prefix: string;
  readonly jobs: readonly FirstJob[];
}

/** Jobs that do what the repository's own tools do. They share a workspace: what one installs, those that need it find. */
export function firstJobs(seen: Seen): FirstJobs {
  const parts = [nodeJobs(seen), pythonJobs(seen), rustJobs(seen), goJobs(seen), makeJobs(seen)].filter((part) => part !== undefined);
  const several = parts.length > 1;
  return {
    from: parts.map(({ from }) => from),
    jobs: parts.flatMap(({ prefix, jobs }) => (several ? jobs.map((job) => prefixed(prefix, job)) : jobs)),
  };
}

function prefixed(prefix: string, { name, needs, steps }: FirstJob): FirstJob {
  return { name: `${prefix}-${name}`, ...(needs && { needs: needs.map((need) => `${prefix}-${need}`) }), steps };
}

function nodeJobs({ packageJson, files }: Seen): Part | undefined {
  if (packageJson === undefined) return undefined;
  const scripts = scriptsOf(packageJson);
  const [program, install] = files.includes('pnpm-lock.yaml')
    ? ['pnpm', 'pnpm install --frozen-lockfile']
    : files.includes('yarn.lock')
      ? ['yarn', 'yarn install --frozen-lockfile']
      : ['npm', files.includes('package-lock.json') ? 'npm ci' : 'npm install'];
  const checks = ['lint', 'typecheck', 'build', 'test'].filter((name) => scripts.includes(name));
  return {
    from: 'package.json',
    prefix: 'node',
    jobs: [{ name: 'install', steps: [install] }, ...checks.map((name) => ({ name, needs: ['install'], steps: [`${program} run ${name}`] }))],
  };
}

function pythonJobs({ pyproject, files }: Seen): Part | undefined {
  if (pyproject === undefined) return undefined;
  const usesPytest = /\bpytest\b/.test(pyproject);
  const test = usesPytest ? 'pytest' : 'unittest';
  const jobs = files.includes('uv.lock')
    ? [
        { name: 'install', steps: ['uv sync --locked'] },
        { name: 'test', needs: ['install'], steps: [`uv run python -m ${test}`] },
      ]
    : [
        { name: 'install', steps: ['python3 -m venv .venv', `.venv/bin/pip install -e .${usesPytest ? ' pytest' : ''}`] },
        { name: 'test', needs: ['install'], steps: [`.venv/bin/python -m ${test}`] },
      ];
  return { from: 'pyproject.toml', prefix: 'python', jobs };
}

function rustJobs({ cargo, files }: Seen): Part | undefined {
  if (cargo === undefined) return undefined;
  const locked = files.includes('Cargo.lock') ? ' --locked' : '';
  return {
    from: 'Cargo.toml',
    prefix: 'rust',
    jobs: [
      { name: 'build', steps: [`cargo build${locked}`] },
      { name: 'test', needs: ['build'], steps: [`cargo test${locked}`] },
    ],
  };
}

function goJobs({ goMod }: Seen): Part | undefined {
  if (goMod === undefined) return undefined;
  return {
    from: 'go.mod',
    prefix: 'go',
    jobs: [
      { name: 'vet', steps: ['go vet ./...'] },
      { name: 'test', steps: ['go test ./...'] },
    ],
  };
}

function makeJobs({ makefile }: Seen): Part | undefined {
  const targets = ['lint', 'build', 'check', 'test'].filter((name) => new RegExp(`^${name}\\s*::?(?!=)`, 'm').test(makefile ?? ''));
  if (targets.length === 0) return undefined;
  const needs = targets.includes('build') ? { needs: ['build'] } : {};
  return {
    from: 'Makefile',
    prefix: 'make',
    jobs: targets.map((name) => ({ name, ...(['check', 'test'].includes(name) ? needs : {}), steps: [`make ${name}`] })),
  };
}

function scriptsOf(packageJson: string): readonly string[] {
  try {
    const { scripts } = JSON.parse(packageJson) as { readonly scripts?: unknown };
    return typeof scripts === 'object' && scripts !== null ? Object.keys(scripts) : [];
  } catch {
    return [];
  }
}
