import { describe, expect, it } from 'vitest';
import { bootstrapArgv, mirrorIn } from './bootstrap.ts';

const base = { bootstrap: 'debian', suite: 'bookworm', packages: ['git'], components: [] } as const;

describe('bootstrap', () => {
  it('asks mmdebstrap for the minimal set and the packages that were named', () => {
    expect(bootstrapArgv(base, '/tmp/a.tar', { root: true, mirror: undefined, proxy: undefined })).toEqual([
      'mmdebstrap',
      '--mode=root',
      '--variant=minbase',
      '--include=ca-certificates,git',
      '--components=main',
      '--format=tar',
      'bookworm',
      '/tmp/a.tar',
    ]);
  });

  it("goes through the host's proxy and mirror, without root where there is none", () => {
    const argv = bootstrapArgv(base, '/tmp/a.tar', { root: false, mirror: 'http://mirror.example.org/debian', proxy: 'http://proxy:3128' });
    expect(argv).toContain('--mode=unshare');
    expect(argv).toContain('--aptopt=Acquire::http::Proxy "http://proxy:3128"');
    expect(argv.at(-1)).toBe('http://mirror.example.org/debian');
  });

  it("finds the host's mirror of the same distribution in both formats of apt", () => {
    expect(mirrorIn('deb [arch=amd64] http://mirror.example.org/debian bookworm main', 'debian')).toBe('http://mirror.example.org/debian');
    expect(mirrorIn('Types: deb\nURIs: https://mirror.example.org/ubuntu/\nSuites: noble', 'ubuntu')).toBe('https://mirror.example.org/ubuntu');
    expect(mirrorIn('# URIs: http://old.example.org/debian\nURIs: http://deb.debian.org/debian', 'debian')).toBeUndefined();
    expect(mirrorIn('deb https://download.docker.com/linux/debian bookworm stable\ndeb http://mirror.example.org/debian bookworm main', 'debian')).toBe(
      'http://mirror.example.org/debian',
    );
    expect(mirrorIn('deb https://download.docker.com/linux/debian bookworm stable', 'debian')).toBeUndefined();
  });
});
