import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ENGINES, endpointOf, personOf, rootOf } from './engines.mjs';
import { locked } from './lock.mjs';
import { codename, serviceEnvironment } from './machine.mjs';
import { attempt, run, tell } from './run.mjs';
import { aptSettings, debianSources } from './sources.mjs';

/**
 * @typedef {import('./state.mjs').EngineName} EngineName
 * @typedef {import('./state.mjs').LabState} LabState
 */

const CACHE = '/var/cache/slipway-lab';

/**
 * What Slipway's base layer would install, so that tests of layers need no download. No more than that: rootless Podman copies a
 * whole image, file by file, before a container's first run from it.
 */
const PACKAGES = ['ca-certificates', 'curl', 'git', 'jq', 'less', 'openssh-client', 'procps', 'ripgrep', 'sudo', 'tmux', 'unzip', 'vim', 'xz-utils'];

/** A machine that boots: systemd as PID 1, with people's own managers. Node.js comes from the machine that tests, with what it is linked to. */
const SYSTEMD_PACKAGES = ['ca-certificates', 'dbus', 'dbus-user-session', 'libpam-systemd', 'libstdc++6', 'procps', 'systemd', 'systemd-sysv'];

/** On an imported image: the archive that it was made from. */
const LABEL = 'slipway-lab.archive';

/** The test images' names, in every engine. */
export function imageNames() {
  return { tiny: 'slipway-test-tiny:1', debian: `slipway-test-debian:${codename()}` };
}

/** @typedef {{ tiny: string, debian: string }} Archives paths of root file systems as tar archives */

/**
 * The test images' root file systems, made once per machine.
 * @returns {Promise<Archives>}
 */
export async function makeArchives() {
  mkdirSync(CACHE, { recursive: true });
  const [tiny, debian] = await Promise.all([locked('archive-tiny', tinyArchive), locked('archive-debian', debianArchive)]);
  return { tiny, debian };
}

async function tinyArchive() {
  const busybox = '/bin/busybox';
  return cached('tiny', [hash(readFileSync(busybox)), '1'], async (archive, folder) => {
    for (const name of ['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'tmp', 'usr', 'var']) mkdirSync(join(folder, name));
    chmodSync(join(folder, 'tmp'), 0o1777);
    chmodSync(join(folder, 'root'), 0o700);
    symlinkSync('../bin', join(folder, 'usr', 'bin'));
    symlinkSync('../tmp', join(folder, 'var', 'tmp'));
    copyFileSync(busybox, join(folder, 'bin', 'busybox'));
    const applets = (await run([busybox, '--list'])).split('\n').filter((name) => name !== '' && name !== 'busybox');
    for (const applet of applets) symlinkSync('busybox', join(folder, 'bin', applet));
    writeFileSync(join(folder, 'etc', 'passwd'), 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n');
    writeFileSync(join(folder, 'etc', 'group'), 'root:x:0:\nnogroup:x:65534:\n');
    await run(['tar', '--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '-C', folder, '-cf', archive, '.']);
  });
}

/** Node.js and npm are this machine's own: Debian's npm alone has more files than all the rest. */
async function debianArchive() {
  const npm = dirname(dirname(realpathSync((await run(['sh', '-c', 'command -v npm'])).trim())));
  const { version } = JSON.parse(readFileSync(join(npm, 'package.json'), 'utf8'));
  return bootstrapped('debian', PACKAGES, {
    about: [process.version, `npm ${version}`],
    async add(archive, folder) {
      const [bin, modules] = [join(folder, 'usr/local/bin'), join(folder, 'usr/local/lib/node_modules')];
      mkdirSync(bin, { recursive: true });
      mkdirSync(modules, { recursive: true });
      copyFileSync(process.execPath, join(bin, 'node'));
      for (const program of ['npm', 'npx']) symlinkSync(`../lib/node_modules/npm/bin/${program}-cli.js`, join(bin, program));
      await run(['cp', '-R', '--', npm, join(modules, 'npm')]);
      // Docker imports no archive that names a folder twice.
      const added = ['bin/node', 'bin/npm', 'bin/npx', 'lib/node_modules'].map((path) => `./usr/local/${path}`);
      await run(['tar', '--owner=0', '--group=0', '--numeric-owner', '-C', folder, '-rf', archive, ...added]);
    },
  });
}

/**
 * @param {string} name
 * @param {readonly string[]} packages
 * @param {{ about: readonly string[], add(archive: string, folder: string): Promise<void> }} [more] what goes beside the packages, made
 *   in an empty folder
 */
async function bootstrapped(name, packages, more) {
  const suite = codename();
  const sources = debianSources(suite);
  const settings = await aptSettings();
  // What a running system never reads is left out, as slim base images do.
  const options = [
    ...['doc', 'man', 'info', 'locale', 'zoneinfo', 'vim/vim*/*'].map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`),
    '--dpkgopt=force-unsafe-io',
    ...settings.map((setting) => `--aptopt=${setting}`),
  ];
  // Behind an https mirror the package manager of the image must trust what the machine's own trusts.
  const trust = /\shttps:/.test(sources)
    ? ['--customize-hook=mkdir -p "$1/etc/ssl/certs"', '--customize-hook=copy-in /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs']
    : [];
  return cached(name, [suite, sources, packages.join(','), ...options, ...trust, ...(more?.about ?? [])], async (archive, folder) => {
    const list = join(folder, 'sources.list');
    writeFileSync(list, sources);
    tell(`making the ${suite} test image ${name}`);
    await run(
      ['mmdebstrap', '--mode=root', '--format=tar', '--variant=minbase', `--include=${packages.join(',')}`, ...options, ...trust, suite, archive, list],
      { env: { ...process.env, TMPDIR: folder } },
    );
    await more?.add(archive, join(folder, 'more'));
  });
}

/**
 * @param {string} name
 * @param {readonly string[]} ingredients everything that decides about the contents
 * @param {(archive: string, folder: string) => Promise<void>} make
 */
async function cached(name, ingredients, make) {
  const archive = join(CACHE, `${name}-${hash(ingredients.join('\n')).slice(0, 16)}.tar`);
  if (existsSync(archive)) return archive;
  // Under this name's lock nobody else works on it: what is there is left of one that was killed.
  for (const left of readdirSync(CACHE).filter((entry) => entry.startsWith(`making-${name}-`)))
    await run(['rm', '-rf', '--one-file-system', '--', join(CACHE, left)]);
  const folder = mkdtempSync(join(CACHE, `making-${name}-`));
  try {
    const root = join(folder, 'root');
    mkdirSync(root);
    const temporary = join(folder, `${name}.tar`);
    await make(temporary, root);
    renameSync(temporary, archive);
    return archive;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string | Buffer} content */
function hash(content) {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * Imports the test images that an engine lacks, or has from another archive.
 * @param {LabState} state
 * @param {EngineName} name
 * @param {Archives} archives
 */
export async function importImages(state, name, archives) {
  const names = imageNames();
  await importImage(state, name, names.tiny, archives.tiny, 'CMD ["sh"]');
  await importImage(state, name, names.debian, archives.debian, 'CMD ["bash"]');
}

/**
 * The image of a machine that boots, made and imported where it is missing. Gives its name.
 * @param {LabState} state
 * @param {EngineName} name
 */
export async function importSystemd(state, name) {
  const archive = await locked('archive-systemd', () => bootstrapped('systemd', SYSTEMD_PACKAGES));
  const image = `slipway-test-systemd:${codename()}`;
  await importImage(state, name, image, archive, 'CMD ["/sbin/init"]', 'ENV container=docker');
  return image;
}

/**
 * @param {LabState} state
 * @param {EngineName} name
 * @param {string} image
 * @param {string} archive
 * @param {readonly string[]} instructions
 */
async function importImage(state, name, image, archive, ...instructions) {
  const engine = ENGINES[name];
  const person = personOf(state);
  const program = engine.program(endpointOf(state, name));
  const own = engine.clientEnvironment({ root: rootOf(state, name), person });
  const options = { env: serviceEnvironment({ HOME: person.home, ...own }), cwd: '/', ...(engine.rootless && { uid: person.uid, gid: person.gid }) };
  const there = await attempt([...program, 'image', 'inspect', '--format', `{{index .Config.Labels "${LABEL}"}}`, image], options);
  if (there.code === 0 && there.stdout.trim() === basename(archive)) return;
  const changes = [...instructions, `LABEL ${LABEL}=${basename(archive)}`].flatMap((change) => ['--change', change]);
  await run([...program, 'import', ...changes, '-', image], { ...options, inputFile: archive });
  tell(`${name} has ${image}`);
}
