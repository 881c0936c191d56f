import { satisfies } from 'semver';
import { expect, it } from 'vitest';
import { readText } from './sources.ts';

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly engines?: { readonly node?: string }; readonly optional?: boolean }>>;
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
