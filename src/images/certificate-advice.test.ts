import { expect, it } from 'vitest';
import { SlipwayError } from '../errors.ts';
import { adviseOnCertificates } from './certificate-advice.ts';

const failure = (detail: string) => new SlipwayError('E_IMAGE_BUILD', 'Cannot build l1: exit code 60', { detail });

it.each([
  'curl: (60) SSL certificate problem: self-signed certificate in certificate chain',
  'npm error code SELF_SIGNED_CERT_IN_CHAIN',
  'npm error code UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'fatal: unable to access: server certificate verification failed. CAfile: none',
  'ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate',
])('a build that trusts too little says what to do: %s', (line) => {
  const detail = `Step 11/14\n${line}\nexit code 60`;
  expect(adviseOnCertificates(failure(detail))).toMatchObject({
    code: 'E_IMAGE_BUILD',
    message: 'Cannot build l1: exit code 60',
    detail,
    hint: expect.stringContaining('`trust_host_ca: true`') as string,
  });
});

it('leaves every other failure as it is', () => {
  const others = [
    failure('Setting up ca-certificates (20230311)\nexit code 1'),
    new SlipwayError('E_ENGINE', 'No.', { detail: 'SSL certificate problem' }),
    new Error('x'),
  ];
  expect(others.map(adviseOnCertificates)).toEqual(others);
});
