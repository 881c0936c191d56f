import { join } from 'node:path';
import { jobState, launchdAnswers, launchdDomain, launchdFolder } from '../../host/launchd.ts';
import { type Asker, isLingering, showUnits, systemdAnswers, systemdFolder, type UnitState } from '../../host/systemd.ts';
import type { App } from '../../operations/model.ts';
import { readFileIfAny } from '../../state/atomic.ts';
import type { UnitObserved, UnitScope } from './model.ts';
import { installOfUnit, jobLabel, unitName } from './render.ts';

export const askerOf = ({ person, env }: App): Asker => ({ uid: person.uid, home: env.HOME || person.home, env });

/** The files tell which units there are; their managers are asked once each for all of them. */
export async function observeEach(app: App, names: readonly string[], only?: UnitScope): Promise<ReadonlyMap<string, UnitObserved>> {
  const files = await Promise.all(names.map((name) => findFile(app, name, only)));
  const states = await askManagers(app, files);
  return new Map(files.map((file) => [file.name, observed(app, file, states.get(`${file.scope} ${file.unit}`))]));
}

interface UnitFile {
  readonly name: string;
  readonly scope: UnitScope;
  readonly unit: string;
  readonly file: string;
  readonly text: string | undefined;
  readonly foreign: boolean;
}

/** The one that this install has written, wherever it is; else the place where it would be. */
async function findFile(app: App, name: string, only: UnitScope | undefined): Promise<UnitFile> {
  const usual: UnitScope = app.person.uid === 0 ? 'system' : 'user';
  const other: UnitScope = usual === 'system' ? 'user' : 'system';
  const found: UnitFile[] = [];
  for (const scope of only === undefined ? [usual, other] : [only]) {
    const place = placeOf(app, name, scope);
    const text = await readFileIfAny(place.file);
    const isOwn = text !== undefined && installOfUnit(text) === (await app.installId());
    if (isOwn) return { ...place, text, foreign: false };
    found.push({ ...place, text: undefined, foreign: text !== undefined });
  }
  return found[0] ?? { ...placeOf(app, name, usual), text: undefined, foreign: false };
}

function placeOf(app: App, name: string, scope: UnitScope): Omit<UnitFile, 'text' | 'foreign'> {
  const asker = askerOf(app);
  return launchdAnswers()
    ? { name, scope, unit: jobLabel(name), file: join(launchdFolder(scope, asker), `${jobLabel(name)}.plist`) }
    : { name, scope, unit: unitName(name), file: join(systemdFolder(scope, asker), unitName(name)) };
}

/** By scope and unit, of those that have a file and a manager. */
async function askManagers(app: App, files: readonly UnitFile[]): Promise<ReadonlyMap<string, UnitState>> {
  const asker = askerOf(app);
  const states = new Map<string, UnitState>();
  for (const scope of ['system', 'user'] as const) {
    const units = files.filter((file) => file.scope === scope && file.text !== undefined).map(({ unit }) => unit);
    if (units.length === 0) continue;
    if (launchdAnswers()) for (const unit of units) states.set(`${scope} ${unit}`, await jobState(scope, unit, asker));
    else if (systemdAnswers(scope, asker)) for (const [unit, state] of await showUnits(scope, units, asker)) states.set(`${scope} ${unit}`, state);
  }
  return states;
}

function observed(app: App, { scope, unit, file, text, foreign }: UnitFile, state: UnitState | undefined): UnitObserved {
  const asker = askerOf(app);
  return {
    manager: launchdAnswers() ? 'launchd' : systemdAnswers(scope, asker) ? 'systemd' : 'none',
    scope,
    unit,
    file,
    installed: text !== undefined,
    foreign,
    text,
    enabled: state?.file === 'enabled',
    active: state !== undefined && ['active', 'activating', 'reloading', 'deactivating'].includes(state.active),
    failed: state?.active === 'failed',
    lingering: scope === 'user' && !launchdAnswers() ? isLingering(app.person.name) : undefined,
    domain: launchdDomain(scope, asker),
  };
}
