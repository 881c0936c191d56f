import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const [keepCode, loader] = ['keep-code.cjs', 'loader.cjs'].map((name) => fileURLToPath(new URL(name, import.meta.url)));
const execute = promisify(execFile);

/** What has to be there for the others. */
const first = [
  ['project', 'new', 'p', '--repo', 'https://example.org/p.git'],
  ['task', 'new', 'p'],
];

/** They go through most of what every command does. Code of all functions would take longer to load than it saves. The last ones ask an engine. */
const commands = [
  ['task', 'list'],
  ['task', 'status', 'p', '1'],
  ['task', 'exec', 'p', '1', 'true'],
  ['task', 'restart', 'p', '1', '--force'],
];

/** Verbs of `task` that are typed all day: each has a file of code for itself. */
const frequent = ['status', 'exec', 'restart'];

/** A team's server has dozens of them. */
const instances = [['instance', 'status']];

/** The first reads a pipeline, the others know it. Their drivers have a file of code of their own. */
const runs = [
  ['ci', 'validate'],
  ['ci', 'run'],
  ['ci', 'run'],
];

const pipeline = 'executor: host\njobs:\n  one:\n    steps: ["true", ["true"]]\n  two:\n    needs: [one]\n    steps: [echo]\n';

/** Writes the program's loader, and the code that V8 makes of the program's files beside them, for this very V8: what the loader looks for. @param {string} outdir */
export async function compile(outdir) {
  const home = mkdtempSync(join(tmpdir(), 'slipway-build-'));
  const socket = join(home, 'engine.sock');
  const engine = await listen(socket, home);
  // NODE_OPTIONS may hold flags of V8, and V8 accepts code only under the flags that it was made under.
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    // What the person or the machine has git do, such as signing, is not for this.
    GIT_CONFIG_NOSYSTEM: '1',
    SLIPWAY_STATE_DIR: home,
    SLIPWAY_CONFIG_DIR: home,
    SLIPWAY_CACHE_DIR: join(home, 'cache'),
    SLIPWAY_BUILT: outdir,
  };
  /** @param {readonly string[]} command @param {string} use name of the file of code; none is kept where it is empty @param {string} [cwd] */
  const run = (command, use, cwd = home) => execute(process.execPath, [keepCode, ...command], { cwd, env: { ...env, SLIPWAY_CODE: use } });
  try {
    copyFileSync(loader, join(outdir, 'loader.cjs'));
    // A run's driver is started as this.
    writeFileSync(join(outdir, 'slipway.js'), `require(${JSON.stringify(keepCode)})`);
    await run(['--help'], 'help');
    for (const command of first) await run(command, '');
    writeTask(home, `unix://${socket}`);
    writeInstance(home, `unix://${socket}`);
    // What is read and parsed the first time, and never again, is too seldom for its code to be loaded with every command.
    for (const use of /** @type {const} */ (['', 'commands'])) for (const command of commands) await run(command, use);
    for (const use of /** @type {const} */ (['', 'instance'])) for (const command of instances) await run(command, use);
    for (const command of commands.filter(([, verb = '']) => frequent.includes(verb))) await run(command, `task-${command[1]}`);
    const repository = await writeRepository(home, env);
    if (repository !== undefined) for (const command of runs) await run(command, 'ci', repository);
    renameSync(join(outdir, 'loader.cjs'), join(outdir, 'slipway.js'));
    chmodSync(join(outdir, 'slipway.js'), 0o755);
  } finally {
    engine.close();
    rmSync(home, { recursive: true, force: true });
  }
}

/**
 * `undefined` where there is no git yet: a run only starts slower without its code.
 * @param {string} home @param {NodeJS.ProcessEnv} env
 */
async function writeRepository(home, env) {
  const repository = join(home, 'repository');
  mkdirSync(join(repository, '.slipway'), { recursive: true });
  writeFileSync(join(repository, '.slipway/ci.yml'), pipeline);
  /** @param {readonly string[]} words */
  const git = (...words) => execute('git', ['-C', repository, '-c', 'user.name=Slipway', '-c', 'user.email=slipway@example.org', ...words], { env });
  try {
    await git('init', '-q');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  await git('add', '-A');
  await git('commit', '-q', '-m', 'A pipeline');
  return repository;
}

/** A task that has run on the engine below. @param {string} home @param {string} endpoint */
function writeTask(home, endpoint) {
  const file = join(home, 'projects/p/tasks/1.yml');
  mkdirSync(dirname(file), { recursive: true });
  mkdirSync(join(home, 'tasks/p/1/records'), { recursive: true });
  const engine = { kind: 'docker', endpoint, identity: 'warm-up' };
  writeFileSync(file, JSON.stringify({ format: 1, id: '1', project: 'p', created_at: '2026-01-01T00:00:00.000Z', mode: 'cli', engine }));
}

/** An instance that has no container. @param {string} home @param {string} endpoint */
function writeInstance(home, endpoint) {
  const folder = join(home, 'instances/web');
  mkdirSync(folder, { recursive: true });
  const engine = { kind: 'docker', endpoint, identity: 'warm-up' };
  writeFileSync(join(folder, 'config.yml'), JSON.stringify({ image: 'web:1', engine, port: 8081, container_port: 80 }));
  writeFileSync(join(folder, 'state.json'), JSON.stringify({ format: 1, salt: 'salt', desired: 'stopped' }));
}

/** As much of an engine as the commands ask for: one container, which starts and stops. @param {string} socket @param {string} home @returns {Promise<import('node:http').Server>} */
function listen(socket, home) {
  let status = 'running';
  const server = createServer(({ method, url = '' }, response) => {
    response.setHeader('Api-Version', '1.41').setHeader('Server', 'Docker/20.10');
    const [, path = ''] = /^\/v[0-9.]+(\/[^?]*)/.exec(url) ?? [];
    if (url === '/_ping') return response.end('OK');
    if (method === 'POST' && path.endsWith('/exec')) return response.end(JSON.stringify({ Id: 'e' }));
    if (method === 'POST') {
      status = path.endsWith('/start') ? 'running' : 'exited';
      if (status === 'running') writeFileSync(join(home, 'tasks/p/1/records/ready'), '');
      return response.writeHead(204).end();
    }
    const found = answerTo(path, status, home);
    response.statusCode = found === undefined ? 404 : 200;
    response.end(JSON.stringify(found ?? { message: 'no such thing' }));
  });
  server.on('upgrade', (_, connection) => connection.end('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'));
  return new Promise((resolve) => server.listen(socket, () => resolve(server)));
}

/** @param {string} path @param {string} status @param {string} home */
function answerTo(path, status, home) {
  if (path === '/info') return { ID: 'warm-up' };
  if (path.startsWith('/exec/')) return { Running: false, ExitCode: 0 };
  if (path === '/images/ubuntu:24.04/json')
    return { Id: `sha256:${'0'.repeat(64)}`, Size: 0, Os: 'linux', Architecture: 'amd64', Created: '2026-01-01T00:00:00Z' };
  if (path === '/images/json' || path === '/containers/json') return [];
  if (!/^\/containers\/[^/]+\/json$/.test(path)) return undefined;
  // The first command that asks makes the install's id meanwhile.
  const install = join(home, 'install.json');
  if (!existsSync(install)) return undefined;
  const { id } = JSON.parse(readFileSync(install, 'utf8'));
  const labels = { managed: 'true', install: id, kind: 'task', project: 'p', task: '1', mode: 'cli' };
  const now = new Date().toISOString();
  return {
    Id: 'c',
    Name: '/p-cli-1',
    Image: `sha256:${'1'.repeat(64)}`,
    Created: '2026-01-01T00:00:00Z',
    State: { Status: status, Pid: 1, ExitCode: 0, StartedAt: now, FinishedAt: now },
    Config: { Labels: Object.fromEntries(Object.entries(labels).map(([name, value]) => [`io.slipway.${name}`, value])), Env: ['SLIPWAY_USER=dev'] },
    HostConfig: {},
    NetworkSettings: { Ports: {}, Networks: {} },
  };
}
