import type { ExitCode } from '../../errors.ts';
import { type InstanceDetail, instanceDetail } from '../../instances/detail.ts';
import { instanceMounts } from '../../instances/spec.ts';
import { type InstanceSummary, listInstances } from '../../instances/status.ts';
import { type Call, formatTable, printResult } from '../call.ts';
import { serviceUrl } from './running.ts';
import { driftTable } from './start.ts';

export interface StatusFlags {
  readonly quiet?: true | undefined;
}

/** Of `-q`: something does not run well. */
const notWell = 3;

export async function status(call: Call, name: string | undefined, { quiet }: StatusFlags): Promise<ExitCode | undefined> {
  if (name !== undefined) {
    const detail = await instanceDetail(call.app, name);
    if (quiet) return isServing(detail) ? 0 : notWell;
    printResult(call, detailJson(call, detail), textOf(call, detail));
    return undefined;
  }
  const { instances, broken, unreachable } = await listInstances(call.app);
  if (quiet) {
    if (broken.length + unreachable.length > 0) return notWell;
    // A look at each: whether it runs, the engine tells; whether it is well, only it.
    const details = await Promise.all(instances.filter(isServing).map(({ name: one }) => instanceDetail(call.app, one)));
    return instances.every(({ well }) => well) && details.every(({ well }) => well) ? 0 : notWell;
  }
  printResult(call, instances.map(summaryJson), instances.length === 0 ? '' : tableOf(instances));
  if (instances.length + broken.length === 0 && !call.json) call.app.out.note('There are no instances. `slipway instance create NAME` makes one.');
  for (const { name: one, problems } of instances) {
    for (const { kind, message, fix } of problems)
      if (kind !== 'engine') call.app.out.warn(`${one} ${message}${fix === undefined ? '' : `; mend it with \`${fix}\``}`);
  }
  for (const { name: one, error } of broken) call.app.out.warn(`${one}: ${error.message}`);
  for (const { error } of unreachable) call.app.out.warn(`${error.message}${error.hint === undefined ? '' : ` ${error.hint}`}`);
  return broken.length + unreachable.length > 0 ? 1 : undefined;
}

const isServing = ({ state }: InstanceSummary) => state === 'running';

function tableOf(instances: readonly InstanceSummary[]): string {
  const rows = instances.map((one) => [
    one.name,
    one.state,
    one.version,
    String(one.config.port),
    (one.digest ?? '').replace(/^sha256:/, '').slice(0, 12),
    one.config.engine.kind,
    one.problems.map(({ kind }) => kind).join(', '),
  ]);
  return formatTable(['name', 'state', 'version', 'port', 'digest', 'engine', 'attention'], rows);
}

/** The documented shape of `--json`: snake_case keys, `null` for what there is not. */
function summaryJson(one: InstanceSummary): Readonly<Record<string, unknown>> {
  const { config } = one;
  return {
    id: one.name,
    kind: config.kind,
    state: one.state,
    desired: one.desired,
    well: one.well,
    version: one.version,
    digest: one.digest ?? null,
    address: config.address,
    port: config.port,
    url: serviceUrl(config),
    container: one.container?.name ?? null,
    container_id: one.container?.id ?? null,
    engine: config.engine,
    drift: one.drift.map(({ key, configured, running }) => ({ key, configured: configured ?? null, running: running ?? null })),
    problems: one.problems.map(({ kind, message, fix }) => ({ kind, message, fix: fix ?? null })),
  };
}

function detailJson(call: Call, one: InstanceDetail): Readonly<Record<string, unknown>> {
  const { unit, supervision, health, config } = one;
  return {
    ...summaryJson(one),
    started_at: one.startedAt ?? null,
    uptime_seconds: uptimeSeconds(call, one) ?? null,
    exit_code: one.exitCode ?? null,
    health: health === undefined ? null : { state: health.state, probe: health.probe, why: health.why ?? null },
    mounts: mountsOf(call, one).map(({ type, source, target, readOnly }) => ({ type, source: source ?? null, target, read_only: readOnly ?? false })),
    limits: { memory_bytes: config.limits.memoryBytes ?? null, cpus: config.limits.cpus ?? null, pids: config.limits.pids ?? null },
    unit:
      unit === undefined || !unit.installed ? null : { manager: unit.manager, scope: unit.scope, name: unit.unit, enabled: unit.enabled, active: unit.active },
    supervision:
      supervision === undefined
        ? null
        : {
            state: supervision.state,
            supervised: one.supervised,
            restarts: supervision.restarts.length,
            reason: supervision.reason ?? null,
            next_attempt_at: supervision.nextAttemptAt ?? null,
          },
    metrics: one.metrics ?? null,
    last_change: one.lastChange === undefined ? null : { at: one.lastChange.updatedAt, outcome: one.lastChange.outcome, version: one.lastChange.version },
  };
}

const mountsOf = (call: Call, { config }: InstanceDetail) => (config.kind === 'process' ? [] : instanceMounts(call.app.paths, config));

function uptimeSeconds(call: Call, { startedAt }: InstanceDetail): number | undefined {
  return startedAt === undefined ? undefined : Math.max(0, Math.round((call.app.clock.now().getTime() - Date.parse(startedAt)) / 1000));
}

function textOf(call: Call, one: InstanceDetail): string {
  const { config, health, unit, supervision } = one;
  const uptime = uptimeSeconds(call, one);
  const limits = [
    config.limits.memoryBytes === undefined ? '' : `memory ${Math.round(config.limits.memoryBytes / 2 ** 20)}m`,
    config.limits.cpus === undefined ? '' : `cpus ${config.limits.cpus}`,
    config.limits.pids === undefined ? '' : `pids ${config.limits.pids}`,
  ].filter((text) => text !== '');
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['instance', `${one.name}${config.kind === 'process' ? ' (process)' : ''}`],
    ['state', `${one.state}${one.exitCode === undefined || one.state === 'running' ? '' : ` (exit code ${one.exitCode})`}`],
    ['version', one.version],
    ['digest', one.digest],
    ['uptime', uptime === undefined ? undefined : `${words(uptime)}, since ${one.startedAt}`],
    ['health', health && `${health.state} (${health.probe}${health.why === undefined ? '' : `: ${health.why}`})`],
    ['address', `${serviceUrl(config)} (${config.address}:${config.port}${config.kind === 'process' ? '' : ` → ${config.containerPort}`})`],
    ['container', one.container && `${one.container.name} (${one.container.id.slice(0, 12)})`],
    ['engine', `${config.engine.kind} at ${config.engine.endpoint}`],
    ['limits', limits.length === 0 ? undefined : limits.join(', ')],
    ...mountsOf(call, one).map(({ source = '', target, readOnly }) => ['mount', `${source} at ${target}${readOnly ? ' (read-only)' : ''}`] as const),
    ['unit', unit === undefined ? undefined : unitText(unit)],
    ['restarts', supervision === undefined || supervision.restarts.length === 0 ? undefined : `${supervision.restarts.length} since it last ran well`],
    ['changed', one.lastChange && `${one.lastChange.updatedAt} (${one.lastChange.outcome} ${one.lastChange.version})`],
  ];
  const lines = rows.flatMap(([key, value]) => (value === undefined ? [] : [`${`${key}:`.padEnd(11)}${value}`]));
  const drift = one.drift.length === 0 ? [] : ['', driftTable(one.drift)];
  const metrics =
    one.metrics === undefined
      ? []
      : [
          '',
          'metrics:',
          ...one.metrics
            .trimEnd()
            .split('\n')
            .map((line) => `  ${line}`),
        ];
  const problems = one.problems.map(({ message, fix }) => `attention: ${message}${fix === undefined ? '' : ` (\`${fix}\`)`}`);
  return [...lines, ...problems, ...drift, ...metrics].join('\n');
}

function unitText({ manager, installed, unit, scope, enabled, active }: NonNullable<InstanceDetail['unit']>): string {
  if (!installed) return 'none';
  return `${unit} (${manager}, ${scope}${enabled ? '' : ', not enabled'}${active ? '' : ', not active'})`;
}

/** `3 d 4 h`, `5 min 12 s`. */
function words(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  return first < 0
    ? '0 s'
    : parts
        .slice(first, first + 2)
        .map(([count, unit]) => `${count} ${unit}`)
        .join(' ');
}
