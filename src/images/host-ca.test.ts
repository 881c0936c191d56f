import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hostCertificates, pemBlocks } from './host-ca.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-ca-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const certificate = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;

describe('certificates of the host', () => {
  it('are read one by one, without what stands between them and without private keys', () => {
    const key = '-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----';
    expect(pemBlocks(`# Company\r\n${certificate('AAA=').replaceAll('\n', '\r\n')}\n${key}\n${certificate('BBB=')}`)).toEqual([
      `${certificate('AAA=')}\n`,
      `${certificate('BBB=')}\n`,
    ]);
  });

  it('come from files that the environment names, each once', () => {
    const file = join(folder, 'company.pem');
    writeFileSync(file, `${certificate('CCC=')}\n`);
    const found = hostCertificates(undefined, { NODE_EXTRA_CA_CERTS: file, SSL_CERT_FILE: file });
    expect(found.filter((one) => one.includes('CCC='))).toHaveLength(1);
  });

  it('are not passed on where that is switched off', () => {
    expect(hostCertificates(false, { NODE_EXTRA_CA_CERTS: join(folder, 'company.pem') })).toEqual([]);
  });

  it('that cannot be read are left out', () => {
    const found = hostCertificates(undefined, { SSL_CERT_FILE: join(folder, 'none.pem') });
    expect(found).toEqual(hostCertificates(undefined, {}));
  });
});
