import { SlipwayError } from '../errors.ts';

/** As curl, git, npm, Python and OpenSSL say it. */
const untrusted =
  /ssl certificate problem|self-signed certificate|self signed certificate|self_signed_cert|unable.to.get.(?:local.)?issuer|certificate.verif(?:y|ication).failed/i;

/** Adds what to do to a build that has met a certificate which its base does not know. */
export function adviseOnCertificates(error: unknown): unknown {
  if (!(error instanceof SlipwayError) || error.code !== 'E_IMAGE_BUILD' || !untrusted.test(error.detail ?? '')) return error;
  return new SlipwayError(error.code, error.message, {
    cause: error,
    hint: 'The build met a certificate that it does not trust, as of a proxy. `trust_host_ca: true` in project.yml or config.yml has it trust what this machine trusts.',
    ...(error.detail === undefined ? {} : { detail: error.detail }),
  });
}
