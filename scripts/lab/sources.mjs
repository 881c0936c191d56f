import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';

const APT = '/etc/apt';

/**
 * The machine's own package sources of its distribution, as lines for `sources.list`. Third parties' are left out.
 * @param {string} suite the distribution's code name
 */
export function debianSources(suite) {
  const folder = join(APT, 'sources.list.d');
  const files = [
    join(APT, 'sources.list'),
    ...(existsSync(folder)
      ? readdirSync(folder)
          .sort()
          .map((name) => join(folder, name))
      : []),
  ];
  const lines = files
    .filter((file) => existsSync(file))
    .flatMap((file) => {
      const text = readFileSync(file, 'utf8');
      if (file.endsWith('.list')) return text.split('\n').map((line) => line.trim());
      return file.endsWith('.sources') ? text.split(/\n\s*\n/).flatMap(linesOfStanza) : [];
    });
  const suites = [suite, `${suite}-updates`, `${suite}-security`, `${suite}/updates`];
  const own = lines.filter((line) => {
    const [, at, components] = /^deb\s+(?:\[[^\]]*\]\s+)?\S+\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return suites.includes(at ?? '') && (components ?? '').split(/\s+/).includes('main');
  });
  if (own.length === 0) throw new Error(`No package source of ${suite} in ${APT}: the test image cannot be made.`);
  return `${own.join('\n')}\n`;
}

/** @param {string} stanza of a deb822 file */
function linesOfStanza(stanza) {
  /** @type {Record<string, string>} */
  const fields = {};
  let last = '';
  for (const line of stanza.split('\n').filter((text) => !text.startsWith('#'))) {
    const [, name, value] = /^([A-Za-z-]+):\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined) last = name.toLowerCase();
    fields[last] = name === undefined ? `${fields[last]} ${line.trim()}` : (value ?? '');
  }
  if (/^(no|false)$/i.test(fields.enabled ?? '')) return [];
  if (!words(fields.types).includes('deb')) return [];
  const key = fields['signed-by']?.trim().startsWith('/') ? `[signed-by=${fields['signed-by'].trim()}] ` : '';
  return words(fields.uris).flatMap((uri) => words(fields.suites).map((suite) => `deb ${key}${uri} ${suite} ${words(fields.components).join(' ')}`));
}

/** @param {string | undefined} text */
function words(text) {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}

/** How the machine's package manager reaches its sources: proxies and the like. */
export async function aptSettings() {
  const dump = await run(['apt-config', 'dump', '--no-empty']);
  return dump
    .split('\n')
    .filter((line) => /^Acquire::(https?::(.*::)?Proxy|Check-|Retries)/i.test(line))
    .map((line) => line.replace(/;$/, ''));
}
