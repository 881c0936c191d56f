import { satisfies } from 'semver';
import { expect, it } from 'vitest';
import { readText } from './sources.ts';

interface LockedPackage {
  readonly version?: string;
  readonly engines?: { readonly node?: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface LockFile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

const floor = '20.19.0';
const { packages } = JSON.parse(readText('package-lock.json')) as LockFile;

it('the floor is what package.json promises', () => {
  const { engines } = JSON.parse(readText('package.json')) as { readonly engines: { readonly node: string } };
  expect(engines.node).toBe(`>=${floor}`);
});

it('npm refuses packages that need another Node.js', () => {
  expect(readText('.npmrc').split('\n')).toContain('engine-strict=true');
});

it('every package of the lock file runs on the floor', () => {
  const above = Object.entries(packages).filter(([, { engines }]) => engines?.node !== undefined && !satisfies(floor, engines.node));
  expect(above.map(([path, { version, engines }]) => `${path}@${version} needs ${engines?.node}`)).toEqual([]);
});

it('every version is pinned', () => {
  const manifest = JSON.parse(readText('package.json')) as {
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const loose = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
  expect(loose).toEqual([]);
});

it('the lock file has every package of every platform, or `npm ci` refuses it', () => {
  const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => !foldersAbove(path).some((folder) => packages[`${folder}node_modules/${name}`]))
      .map((name) => `${name} of ${path}`),
  );
  expect(missing).toEqual([]);
});

/** Where Node.js looks for what a package imports: its own folder, then each one above. */
function foldersAbove(path: string): readonly string[] {
  const parts = path.split(/(?<=^|\/)node_modules\//).slice(1);
  return [...parts.keys(), parts.length].map((count) =>
    parts
      .slice(0, count)
      .map((part) => `node_modules/${part.replace(/\/?$/, '/')}`)
      .join(''),
  );
}
