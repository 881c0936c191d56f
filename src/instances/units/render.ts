import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { templatesDir } from '../../agents/templates.ts';
import { plistText } from '../../host/launchd.ts';
import { quoteArgument, quoteWord, unitValue } from '../../host/systemd.ts';
import type { UnitScope } from './model.ts';

/** Exit code of a supervisor that has given up: its manager does not start it again. */
export const failedExit = 75;
/** In a launchd job, where every exit code but 0 starts it again. */
export const supervisedByVariable = 'SLIPWAY_SUPERVISED_BY';
/** What a supervisor needs beyond the service's own stop timeout: the engine's answer, the last lines of the log. */
const stopMarginSeconds = 15;

export interface UnitContent {
  readonly instance: string;
  readonly install: string;
  readonly scope: UnitScope;
  /** Absolute paths: Node.js, `slipway.js`. */
  readonly program: readonly string[];
  /** The instance's folder. */
  readonly directory: string;
  /** Where launchd writes what the supervisor says. */
  readonly log: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Whom a system unit runs as. */
  readonly user: { readonly name: string; readonly gid: number };
  readonly stopTimeoutSeconds: number;
  /** The engine's endpoint: what the unit waits for at boot. */
  readonly endpoint: string;
}

export function renderSystemdUnit(content: UnitContent): string {
  const { instance, install, scope, user } = content;
  return fill(readTemplate('systemd.service'), {
    instance,
    install,
    ordering: orderingOf(content),
    user: scope === 'system' ? [`User=${unitValue(user.name)}`, `Group=${user.gid}`] : [],
    directory: unitValue(content.directory),
    environment: Object.entries(content.environment).map(([name, value]) => `Environment=${quoteWord(`${name}=${value}`)}`),
    command: supervise(content).map(quoteArgument).join(' '),
    failed_exit: String(failedExit),
    stop_timeout: String(content.stopTimeoutSeconds + stopMarginSeconds),
    target: scope === 'system' ? 'multi-user.target' : 'default.target',
  });
}

export function renderLaunchdJob(content: UnitContent): string {
  const { instance, install, scope, user } = content;
  const environment = { ...content.environment, [supervisedByVariable]: 'launchd' };
  return fill(readTemplate('launchd.plist'), {
    instance,
    install,
    label: jobLabel(instance),
    command: supervise(content).map((word) => `<string>${plistText(word)}</string>`),
    user: scope === 'system' ? ['<key>UserName</key>', `<string>${plistText(user.name)}</string>`] : [],
    directory: plistText(content.directory),
    environment: Object.entries(environment).flatMap(([name, value]) => [`<key>${plistText(name)}</key>`, `<string>${plistText(value)}</string>`]),
    log: plistText(content.log),
    stop_timeout: String(content.stopTimeoutSeconds + stopMarginSeconds),
  });
}

export const unitName = (instance: string) => `slipway-${instance}.service`;
export const jobLabel = (instance: string) => `io.slipway.${instance}`;

/** The install that wrote a unit; `undefined` where it is not one of Slipway's. */
export function installOfUnit(text: string): string | undefined {
  return /^X-Slipway-Install=(\S+)$/m.exec(text)?.[1] ?? /^<!-- Written by .* for install (\S+); .* -->$/m.exec(text)?.[1];
}

/** What a service manager gives its services is too little to find Node.js or an engine's program where people install them. */
export function servicePath(node: string): string {
  const usual = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  return [...new Set([dirname(node), ...usual])].join(':');
}

const supervise = ({ program, instance }: UnitContent) => [...program, 'supervise', instance];

/**
 * A person's units cannot name those of the system, and need not: the supervisor waits for its engine. What is not there is no hindrance
 * to the one that names it in `After` or `Wants`.
 */
function orderingOf({ scope, endpoint }: UnitContent): readonly string[] {
  const podman = endpoint.endsWith('/podman/podman.sock') ? ['podman.socket'] : [];
  if (scope === 'user') return podman.flatMap((unit) => [`Wants=${unit}`, `After=${unit}`]);
  const person = /^unix:\/\/\/run\/user\/(\d+)\//.exec(endpoint)?.[1];
  const wants = ['network-online.target', ...(person === undefined ? podman : [`user@${person}.service`])];
  return [`Wants=${wants.join(' ')}`, `After=${[...new Set([...wants, 'docker.service', 'podman.socket'])].join(' ')}`];
}

const readTemplate = (name: string) => readFileSync(join(templatesDir(), 'units', name), 'utf8');

/** A name alone on its line may stand for several lines, indented as it is, or for none. */
function fill(template: string, values: Readonly<Record<string, string | readonly string[]>>): string {
  const lines = template.split('\n').flatMap((line) => {
    const [, indent = '', name = ''] = /^(\s*)\{\{(\w+)\}\}$/.exec(line) ?? [];
    const value = values[name];
    if (Array.isArray(value)) return value.map((one) => `${indent}${one}`);
    return [line.replace(/\{\{(\w+)\}\}/g, (_, key: string) => String(values[key]))];
  });
  return lines.join('\n');
}
