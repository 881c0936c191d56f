import { join } from 'node:path';
import { run } from './process.ts';
import type { Asker, ServiceScope, UnitState } from './systemd.ts';

export const launchdAnswers = (platform: NodeJS.Platform = process.platform): boolean => platform === 'darwin';

/** Where its files are read at boot, or when a person logs in; see launchd.plist(5). */
export function launchdFolder(scope: ServiceScope, { home }: Pick<Asker, 'home'>): string {
  return scope === 'system' ? '/Library/LaunchDaemons' : join(home, 'Library', 'LaunchAgents');
}

/** `system`, or the person's graphical session, in which their agents live. */
export const launchdDomain = (scope: ServiceScope, { uid }: Pick<Asker, 'uid'>): string => (scope === 'system' ? 'system' : `gui/${uid}`);

/** In systemd's words. launchctl(1) gives a job that is not there no exit code of its own. */
export async function jobState(scope: ServiceScope, label: string, asker: Asker): Promise<UnitState> {
  const end = await run(['launchctl', 'print', `${launchdDomain(scope, asker)}/${label}`], { env: asker.env, timeoutMs: 10_000 });
  if (end.exitCode !== 0) return { active: 'inactive', file: '' };
  return { active: /^\s*state = running$/m.test(end.stdout) ? 'active' : 'inactive', file: 'enabled' };
}

/** Text between two tags of a property list. */
export function plistText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
