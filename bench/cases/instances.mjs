import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { run, tell } from '../../scripts/lab/run.mjs';
import { alternate } from '../measure/alternate.mjs';
import { downtimeOf } from '../measure/downtime.mjs';
import { filters } from '../measure/engine-client.mjs';
import { summarize } from '../measure/statistics.mjs';
import { atMost, CALLS, timesAsLong } from '../target.mjs';

/**
 * @typedef {import('../run.mjs').Bench} Bench
 * @typedef {import('../install.mjs').Install} Install
 */

const BY_HAND = 'stop && rm && run';
const name = 'bench';
const versions = ['one', 'two'];

/** A service that answers with its version and ends at once when it is told to, as a good one does. It starts quickly: how long a service takes is on both sides. */
const service = `use strict; use IO::Socket::INET;
$SIG{TERM} = sub { exit 0 };
my $server = IO::Socket::INET->new(LocalPort => 8080, Listen => 64, ReuseAddr => 1) or die $!;
while (1) {
  my $client = $server->accept or next;
  while (defined(my $line = <$client>)) { last if $line =~ /^\\r?$/ }
  print $client "HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n\\r\\n$ENV{VERSION}";
  close $client;
}
`;

/** The downtime of an update, and \`instance status\` of many. @param {Bench} bench @param {Install} install */
export async function instances(bench, install) {
  const tag = (/** @type {string} */ version) => `${install.project}-service:${version}`;
  try {
    for (const version of versions) await buildVersion(install, tag(version), version);
    mkdirSync(install.path('home'), { recursive: true });
    writeFileSync(install.path('bench.yml'), 'health: { http: /, passes: 1, soak: 0s }\n');
    await install.own();
    await install.run('instance', 'create', name, '--image', tag('one'), '--no-unit', '--config', install.path('bench.yml'));
    return [await update(bench, install, tag), await status(bench, install)];
  } finally {
    const { client } = install.engine;
    await client.call('DELETE', `/containers/${name}-by-hand?force=true&v=true`).catch(() => {});
    await install.removeContainers();
    for (const version of versions) await client.call('DELETE', `/images/${tag(version)}?force=true`).catch(() => {});
  }
}

/** @param {Install} install @param {string} tag @param {string} version */
async function buildVersion(install, tag, version) {
  const folder = install.path('images', version);
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/service.pl`, service);
  const lines = [`FROM ${install.engine.image}`, 'COPY service.pl /service.pl', `ENV VERSION=${version}`, 'CMD ["perl", "/service.pl"]'];
  writeFileSync(`${folder}/Dockerfile`, `${lines.join('\n')}\n`);
  await run([...install.engine.program, 'build', '--network', 'none', '-t', tag, folder], { env: install.env });
}

/** Both sides have the same images, options and grace. @param {Bench} bench @param {Install} install @param {(version: string) => string} tag */
async function update({ runs }, install, tag) {
  const { program } = install.engine;
  const engine = install.engine.name;
  const { port } = JSON.parse(await install.run('instance', 'status', name, '--json'));
  const data = install.path('by-hand');
  mkdirSync(data);
  chmodSync(data, 0o777);
  const byHandPort = port + 1000;
  const command = program.join(' ');
  const container = `${name}-by-hand`;
  const options = [
    ...['--init', '--cap-drop', 'ALL', ...['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'SETGID', 'SETUID'].flatMap((one) => ['--cap-add', one])],
    ...['-p', `127.0.0.1:${byHandPort}:8080`, '-v', `${data}:/data`, '--hostname', name, '--stop-timeout', '30'],
  ].join(' ');
  const runIt = (/** @type {string} */ version) => `${command} run -d --name ${container} ${options} ${tag(version)}`;
  const shell = (/** @type {string} */ line) => run(['sh', '-c', line], { env: install.env });
  await shell(runIt('one'));
  const sides = [
    { name: 'slipway', port, change: (/** @type {string} */ version) => install.run('instance', 'update', name, '--image', tag(version)) },
    {
      name: BY_HAND,
      port: byHandPort,
      change: (/** @type {string} */ version) => shell(`${command} stop -t 30 ${container} && ${command} rm ${container} && ${runIt(version)}`),
    },
  ];
  tell(`downtime of an update, ${engine}: ${sides.map((side) => side.name).join(' | ')}`);
  /** @type {Record<string, number[]>} */
  const samples = { slipway: [], [BY_HAND]: [] };
  for (let round = 0; round <= runs; round++) {
    const version = String(versions[(round + 1) % 2]);
    for (const side of sides) {
      const ms = await downtimeOf(side.port, version, () => side.change(version));
      if (round > 0) samples[side.name]?.push(ms);
    }
  }
  await shell(`${command} rm -f ${container}`);
  const times = Object.fromEntries(Object.entries(samples).map(([side, values]) => [side, summarize(values)]));
  return { name: 'downtime of `instance update`', engine, times, target: timesAsLong(times, BY_HAND, 0.8) };
}

/** The other side asks the engine the one question that is needed. @param {Bench} bench @param {Install} install */
async function status({ runs, empty }, install) {
  const { client, name: engine } = install.engine;
  const count = 100;
  tell(`${count} instances on ${engine}`);
  const pattern = install.path('state/instances', name);
  const config = readFileSync(`${pattern}/config.yml`, 'utf8');
  const { Config, Image } = await client.call('GET', `/containers/slipway-${name}/json`);
  for (let index = 2; index <= count; index++) {
    const other = `${name}${index}`;
    const folder = install.path('state/instances', other);
    mkdirSync(folder);
    for (const file of ['state.json', '.env', '.version-history']) cpSync(`${pattern}/${file}`, `${folder}/${file}`);
    writeFileSync(`${folder}/config.yml`, config.replace(/^port: \d+$/m, `port: ${30_000 + index}`));
    const body = { Image: Image.replace(/^sha256:/, ''), Labels: { ...Config.Labels, 'io.slipway.instance': other } };
    await client.call('POST', `/containers/create?name=slipway-${other}`, body);
  }
  await install.own();
  const id = JSON.parse(readFileSync(install.path('state/install.json'), 'utf8')).id;
  const labels = filters({ label: ['io.slipway.managed=true', `io.slipway.install=${id}`, 'io.slipway.kind=instance'] });
  const sides = [
    empty,
    install.side('slipway', 'instance', 'status'),
    { ...install.other('ps', '-a'), name: `${install.engine.program[0]} ps -a` },
    { name: CALLS, run: () => client.call('GET', `/containers/json?all=true&${labels}`) },
  ];
  const times = await alternate(`status of ${count} instances, ${engine}`, sides, runs);
  return { name: `\`instance status\` of ${count}`, engine, times, target: atMost(times, '45 ms', 45) };
}
