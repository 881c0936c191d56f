import { readdir, readFile } from 'node:fs/promises';
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
export async function hostCertificates(trust: boolean | undefined, env: Env): Promise<readonly string[]> {
  if (trust === false) return [];
  const named = variables.flatMap((name) => env[name] ?? []).filter((file) => !bundles.includes(file));
  const added = (await Promise.all(anchors.map(certificateFiles))).flat().sort();
  const texts = await Promise.all([...added, ...named].map(readIfAny));
  if (trust === true) texts.push(await firstBundle());
  return [...new Set(texts.flatMap(pemBlocks))];
}

async function certificateFiles(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory() && /\.(crt|pem|cer)$/i.test(entry.name)).map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}

/** Certificates that cannot be read are the host's affair: its own programs do without them too. */
async function readIfAny(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

async function firstBundle(): Promise<string> {
  for (const bundle of bundles) {
    const text = await readIfAny(bundle);
    if (text !== '') return text;
  }
  return '';
}

/** A bundle's parts. A private key that stands beside a certificate is never taken along. */
export function pemBlocks(text: string): readonly string[] {
  const blocks = text.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => `${block.replace(/\r/g, '')}\n`);
}
