import { parseSpan } from '../state/duration.ts';
import type { HealthFile, PathsFile } from './fields.ts';
import type { HealthProbe, HealthSettings, InstancePaths } from './model.ts';

/** What config.yml and service.yml share, as the rest of Slipway reads it. */

export function commandFromFile(file: string | readonly string[]): readonly string[] {
  return typeof file === 'string' ? ['/bin/sh', '-c', file] : file;
}

/** What the file says, and nothing more. */
export function healthFromFile(file: HealthFile | undefined): Partial<HealthSettings> {
  if (file === undefined) return {};
  const probe = probeFromFile(file);
  return {
    ...(probe === undefined ? {} : { probe }),
    ...spanOf('intervalMs', file.interval),
    ...spanOf('timeoutMs', file.timeout),
    ...spanOf('startPeriodMs', file.start_period),
    ...(file.passes === undefined ? {} : { passes: file.passes }),
    ...spanOf('waitMs', file.wait),
    ...spanOf('soakMs', file.soak),
  };
}

function probeFromFile({ http, command: asked, image, tcp, none }: HealthFile): HealthProbe | undefined {
  if (http !== undefined) return { kind: 'http', path: http };
  if (asked !== undefined) return { kind: 'command', command: commandFromFile(asked) };
  if (image) return { kind: 'image' };
  if (tcp) return { kind: 'tcp' };
  return none ? { kind: 'none' } : undefined;
}

function spanOf<Key extends keyof HealthSettings>(key: Key, text: string | undefined): { readonly [key in Key]?: number } {
  const ms = text === undefined ? undefined : parseSpan(text);
  return ms === undefined ? {} : ({ [key]: ms } as { readonly [key in Key]?: number });
}

/** What the file says, and nothing more. `home` is what `~/` stands for. */
export function pathsFromFile(file: PathsFile | undefined, home: string): Partial<InstancePaths> {
  return {
    ...(file?.data === undefined ? {} : { data: file.data }),
    ...(file?.logs === undefined ? {} : { logs: file.logs }),
    ...(file?.projects === undefined ? {} : { projects: { source: withHome(file.projects.source, home), target: file.projects.target } }),
  };
}

export const withHome = (path: string, home: string) => (path.startsWith('~/') ? `${home}${path.slice(1)}` : path);
