import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../state/paths.ts';

/** Where each distribution keeps certificates that its administrator added. */
const anchors = ['/usr/local/share/ca-certificates', '/etc/pki/ca-trust/source/anchors', '/etc/pki/trust/anchors', '/etc/ca-certificates/trust-source/anchors'];
const bundles = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/ca-bundle.pem', '/etc/ssl/cert.pem'];
/** Programs are told of a company's certificates by these. */
const variables = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'CURL_CA_BUNDLE', 'REQUESTS_CA_BUNDLE'];

/**
 * The certificates that the host trusts beyond its distribution's, PEM, each once. `trust` is the setting:
 * `false` none; `undefined` those that an administrator added or that the environment names; `true` the host's whole bundle too.
 */
export function hostCertificates(trust: boolean | undefined, env: Env): readonly string[] {
  if (trust === false) return [];
  const named = variables.flatMap((name) => env[name] ?? []).filter((file) => !bundles.includes(file));
  const added = anchors.flatMap(certificateFiles).sort();
  const texts = [...added, ...named].map(readIfAny);
  if (trust === true) texts.push(firstBundle());
  return [...new Set(texts.flatMap(pemBlocks))];
}

function certificateFiles(directory: string): readonly string[] {
  try {
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory() && /\.(crt|pem|cer)$/i.test(entry.name)).map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}

/** Certificates that cannot be read are the host's affair: its own programs do without them too. */
function readIfAny(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function firstBundle(): string {
  for (const bundle of bundles) {
    const text = readIfAny(bundle);
    if (text !== '') return text;
  }
  return '';
}

/** A bundle's parts. A private key that stands beside a certificate is never taken along. */
export function pemBlocks(text: string): readonly string[] {
  const blocks = text.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => `${block.replace(/\r/g, '')}\n`);
}
