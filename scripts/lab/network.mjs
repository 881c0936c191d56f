import { attempt, run } from './run.mjs';

/**
 * A lab's networks are one /16 of its own: the lower half Docker's, the upper half rootful Podman's.
 * @param {number} number the lab's number
 */
export function networksOf(number) {
  const net = `10.${number}`;
  return {
    all: `${net}.0.0/16`,
    docker: { bridge: `slplab${number}d`, gateway: `${net}.0.1/24`, all: `${net}.0.0/17`, pool: `${net}.64.0/18` },
    podman: { bridge: `slplab${number}p`, subnet: `${net}.128.0/24`, gateway: `${net}.128.1`, pool: `${net}.192.0/18` },
  };
}

/**
 * True when the machine already uses addresses of 10.<number>.0.0/16.
 * @param {number} number
 */
export async function isNetworkTaken(number) {
  const { stdout } = await attempt(['ip', '-4', 'route', 'show', 'table', 'all', 'root', `10.${number}.0.0/16`]);
  const covering = await attempt(['ip', '-4', 'route', 'show', 'table', 'all', 'match', `10.${number}.0.0/16`]);
  return stdout.trim() !== '' || covering.stdout.split('\n').some((line) => /^10\./.test(line));
}

/**
 * Makes Docker's bridge, and its way outside. The engine itself is told to leave the firewall alone: when it starts
 * it empties chains that every other Docker of the machine uses, and forbids forwarding for everybody.
 * @param {number} number
 */
export async function openDockerNetwork(number) {
  const { docker } = networksOf(number);
  const existing = await attempt(['ip', 'link', 'show', docker.bridge]);
  if (existing.code !== 0) await run(['ip', 'link', 'add', docker.bridge, 'type', 'bridge']);
  await run(['ip', 'address', 'replace', docker.gateway, 'dev', docker.bridge]);
  await run(['ip', 'link', 'set', docker.bridge, 'up']);
  await ensureRule('nat', ['POSTROUTING', '-s', docker.all, '!', '-d', docker.all, '-j', 'MASQUERADE']);
}

/**
 * Lets the lab's containers reach the outside, and keeps Docker's networks apart from each other.
 * @param {number} number
 */
export async function openFirewall(number) {
  const { all, docker } = networksOf(number);
  const chain = chainOf(number);
  const made = await attempt(['iptables', '-w', '-N', chain]);
  if (made.code === 0) {
    // Traffic inside one bridge may pass here too (br_netfilter); only what is routed between two is forbidden.
    await attempt(['iptables', '-w', '-A', chain, '-s', docker.all, '-d', docker.all, '-m', 'physdev', '!', '--physdev-is-bridged', '-j', 'DROP']);
    await run(['iptables', '-w', '-A', chain, '-s', all, '-j', 'ACCEPT']);
    await run(['iptables', '-w', '-A', chain, '-d', all, '-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED', '-j', 'ACCEPT']);
  }
  await ensureRule('filter', ['FORWARD', '-j', chain]);
  // Bridges have an MTU of 1500; the way outside may be narrower.
  await ensureRule('mangle', ['FORWARD', '-s', all, '-p', 'tcp', '--tcp-flags', 'SYN,RST', 'SYN', '-j', 'TCPMSS', '--clamp-mss-to-pmtu']);
}

/** @param {string} table @param {readonly string[]} rule the chain first */
async function ensureRule(table, rule) {
  const there = await attempt(['iptables', '-w', '-t', table, '-C', ...rule]);
  if (there.code !== 0) await run(['iptables', '-w', '-t', table, '-I', ...rule]);
}

/** @param {number} number */
function chainOf(number) {
  return `SLIPWAY-LAB-${number}`;
}

/**
 * Removes the bridges and firewall rules that hold addresses in one half of the lab's networks, or in both.
 * @param {number} number
 * @param {'docker' | 'podman' | 'all'} which
 */
export async function closeNetwork(number, which) {
  await removeBridges(number, which);
  const own = (/** @type {string} */ rule) => addressesIn(rule).some((address) => isOf(address, number, which));
  const chain = (/** @type {string} */ name) => which === 'all' && name === chainOf(number);
  await removeRules(own, chain, /^NETAVARK-(DN-)?[0-9A-F]+$/);
}

/** Removes the chains that Podman's network program leaves behind for good. */
export async function removeNetavarkChains() {
  await removeRules(
    () => false,
    (name) => name.startsWith('NETAVARK'),
    /^$/,
  );
}

/** True when the firewall has chains of Podman's network program. */
export async function hasNetavarkChains() {
  return (await attempt(['iptables-save', '-t', 'nat'])).stdout.includes('\n:NETAVARK');
}

/** @param {string} text */
function addressesIn(text) {
  return [...text.matchAll(/\b(\d+)\.(\d+)\.(\d+)\.\d+/g)].map(([, a, b, c]) => [Number(a), Number(b), Number(c)]);
}

/** @param {readonly (number | undefined)[]} address @param {number} number @param {'docker' | 'podman' | 'all'} which */
function isOf([a, b, c = 0], number, which) {
  if (a !== 10 || b !== number) return false;
  return which === 'all' || (which === 'docker' ? c < 128 : c >= 128);
}

/** @param {number} number @param {'docker' | 'podman' | 'all'} which */
async function removeBridges(number, which) {
  const { stdout } = await attempt(['ip', '-4', '-oneline', 'address', 'show']);
  for (const line of stdout.split('\n')) {
    const [, name, , address] = line.split(/\s+/);
    if (name === undefined || address === undefined) continue;
    if (!addressesIn(address).some((parts) => isOf(parts, number, which))) continue;
    await attempt(['ip', 'address', 'del', address, 'dev', name]);
    const left = await attempt(['ip', '-4', '-oneline', 'address', 'show', 'dev', name]);
    if (left.stdout.trim() === '') await attempt(['ip', 'link', 'del', name, 'type', 'bridge']);
  }
}

/**
 * @param {(rule: string) => boolean} ownRule
 * @param {(chain: string) => boolean} ownChain
 * @param {RegExp} followed chains of this name are removed with a rule of ours in them
 */
async function removeRules(ownRule, ownChain, followed) {
  for (const table of ['filter', 'nat', 'mangle']) {
    const lines = (await attempt(['iptables-save', '-t', table])).stdout.split('\n');
    const rules = lines.filter((line) => line.startsWith('-A ')).map((line) => ({ line, chain: line.split(' ')[1] ?? '' }));
    const declared = lines.filter((line) => line.startsWith(':')).map((line) => line.slice(1).split(' ')[0] ?? '');
    const chains = new Set(declared.filter(ownChain));
    for (const { line, chain } of rules) if (ownRule(line) && followed.test(chain)) chains.add(chain);
    const jumps = (/** @type {string} */ line) => chains.has(/ -j (\S+)/.exec(line)?.[1] ?? '');
    const removed = rules.filter(({ line, chain }) => !chains.has(chain) && (ownRule(line) || jumps(line)));
    if (removed.length + chains.size === 0) continue;
    const commands = [
      `*${table}`,
      ...removed.map(({ line }) => line.replace(/^-A /, '-D ')),
      ...[...chains].map((chain) => `-F ${chain}`),
      ...[...chains].map((chain) => `-X ${chain}`),
      'COMMIT\n',
    ];
    await run(['iptables-restore', '-w', '--noflush'], { input: commands.join('\n') });
  }
}
