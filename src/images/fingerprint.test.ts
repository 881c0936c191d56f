import { describe, expect, it } from 'vitest';
import { fingerprint } from './fingerprint.ts';
import { baseTag, fingerprintTag, layerAlias } from './names.ts';
import { sampleInputs, sampleWanted } from './sample-inputs.ts';

const rendered = { dockerfile: 'FROM x\n', files: [{ path: 'a', mode: 0o755, content: 'A' }], parts: {} };
const inputs = { layer: 'l0', install: 'i', parent: 'p', rendered } as const;

describe('fingerprint', () => {
  it('is SHA-256 and the same for the same inputs', () => {
    expect(fingerprint(inputs)).toMatch(/^[0-9a-f]{64}$/);
    expect(fingerprint({ ...inputs })).toBe(fingerprint(inputs));
  });

  it.each([
    ['the parent', { ...inputs, parent: 'q' }],
    ['the install', { ...inputs, install: 'j' }],
    ['the layer', { ...inputs, layer: 'l1-cli' as const }],
    ['the text', { ...inputs, rendered: { ...rendered, dockerfile: 'FROM y\n' } }],
    ['a file', { ...inputs, rendered: { ...rendered, files: [{ path: 'a', mode: 0o755, content: 'B' }] } }],
    ['a mode', { ...inputs, rendered: { ...rendered, files: [{ path: 'a', mode: 0o644, content: 'A' }] } }],
  ])('changes with %s', (_, changed) => {
    expect(fingerprint(changed)).not.toBe(fingerprint(inputs));
  });

  it('of a layer holds that of the layer below', () => {
    const [l0, l1, l2] = sampleWanted();
    expect([l1?.parent, l2?.parent]).toEqual([l0?.fingerprint, l1?.fingerprint]);
  });

  it('does not change with the project on shared layers', () => {
    expect(sampleWanted({ project: 'other', snippet: '' })[1]?.fingerprint).toBe(sampleWanted()[1]?.fingerprint);
  });
});

describe('names', () => {
  it('make a tag of any base', () => {
    expect(baseTag('ubuntu:24.04')).toBe('ubuntu-24.04');
    expect(baseTag('ghcr.io/owner/name:1')).toBe('ghcr.io-owner-name-1');
    expect(baseTag(`registry.example.org/a/very/long/name/indeed@sha256:${'0'.repeat(64)}`).length).toBeLessThanOrEqual(90);
  });

  it('give a project with agents of its own an L1 of its own', () => {
    expect(layerAlias('l1-cli', sampleInputs)).toBe('slipway-l1-cli:debian-bookworm');
    expect(layerAlias('l1-cli', { ...sampleInputs, ownAgents: true })).toMatch(/^slipway-l1-cli:debian-bookworm-[0-9a-f]{8}$/);
  });

  it('tell one recipe from another', () => {
    expect(fingerprintTag('l0', 'demo', 'ab'.repeat(32))).toBe('slipway-l0:fp-abababababababab');
    expect(fingerprintTag('l2-cli', 'demo', 'ab'.repeat(32))).toBe('demo:l2-cli-fp-abababababababab');
  });
});
