import { describe, expect, it } from 'vitest';
import { hostRegistry, needsHostNetwork, proxyArguments } from './build-env.ts';

describe('proxies', () => {
  it('are passed in both spellings, whichever the host has', () => {
    expect(proxyArguments({ https_proxy: 'http://proxy:3128', NO_PROXY: 'localhost', HOME: '/root' })).toEqual({
      HTTPS_PROXY: 'http://proxy:3128',
      https_proxy: 'http://proxy:3128',
      NO_PROXY: 'localhost',
      no_proxy: 'localhost',
    });
    expect(proxyArguments({ HTTP_PROXY: '' })).toEqual({});
  });

  it("on a loopback address need the host's network", () => {
    expect(needsHostNetwork({ HTTP_PROXY: 'http://127.0.0.1:3128' })).toBe(true);
    expect(needsHostNetwork({ npm_config_registry: 'http://localhost:4873/' })).toBe(true);
    expect(needsHostNetwork({ HTTP_PROXY: 'http://proxy.example.org:3128', NO_PROXY: 'localhost' })).toBe(false);
    expect(needsHostNetwork({})).toBe(false);
  });
});

describe('npm registry', () => {
  it('is passed on where the host has one of its own', async () => {
    expect(await hostRegistry({ npm_config_registry: 'https://npm.example.org/api' })).toEqual({ registry: 'https://npm.example.org/api', secret: false });
    expect(await hostRegistry({ npm_config_registry: 'https://registry.npmjs.org' })).toEqual({ registry: undefined, secret: false });
  });

  it('is not passed on with a password in it', async () => {
    expect(await hostRegistry({ npm_config_registry: 'https://me:secret@npm.example.org/' })).toEqual({ registry: undefined, secret: true });
  });
});
