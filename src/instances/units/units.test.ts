import { describe, expect, it } from 'vitest';
import type { UnitObserved } from './model.ts';
import { unitSteps } from './units.ts';

const unit: UnitObserved = {
  manager: 'systemd',
  scope: 'user',
  unit: 'slipway-web.service',
  file: '/home/ada/.config/systemd/user/slipway-web.service',
  installed: false,
  foreign: false,
  text: undefined,
  enabled: false,
  active: false,
  failed: false,
  lingering: false,
  domain: 'gui/501',
};
const installed: UnitObserved = { ...unit, installed: true, text: 'text', enabled: true, active: true, lingering: true };
const job: Partial<UnitObserved> = {
  manager: 'launchd',
  unit: 'io.slipway.web',
  file: '/Users/ada/Library/LaunchAgents/io.slipway.web.plist',
  lingering: undefined,
};

const words = (...request: Parameters<typeof unitSteps>) =>
  unitSteps(...request).map((step) => (step.do === 'instance.unit-command' ? (step.argv as readonly string[]).join(' ') : `${step.do} ${String(step.file)}`));
const ctl = 'systemctl --user --no-ask-password';

describe('systemd', () => {
  it('install writes, reloads, enables, starts, and lets it linger', () => {
    expect(words('install', { instance: 'web', unit, text: 'text', start: true, linger: 'ada' })).toEqual([
      `instance.unit-write ${unit.file}`,
      `${ctl} daemon-reload`,
      `${ctl} enable slipway-web.service`,
      `${ctl} start slipway-web.service`,
      'loginctl enable-linger ada',
    ]);
  });

  it('install does what is left to be done, and nothing twice', () => {
    expect(words('install', { instance: 'web', unit: installed, text: 'text', start: true, linger: 'ada' })).toEqual([]);
    expect(words('install', { instance: 'web', unit: { ...installed, active: false, failed: true }, text: 'text', start: true })).toEqual([
      `${ctl} reset-failed slipway-web.service`,
      `${ctl} start slipway-web.service`,
    ]);
    expect(words('install', { instance: 'web', unit: installed, text: 'other', start: true })).toEqual([
      `instance.unit-write ${unit.file}`,
      `${ctl} daemon-reload`,
    ]);
    expect(words('install', { instance: 'web', unit, text: 'text' }).at(-1)).toBe(`${ctl} enable slipway-web.service`);
  });

  it('uninstall stops, disables, removes, reloads', () => {
    expect(words('uninstall', { instance: 'web', unit: { ...installed, scope: 'system' } })).toEqual([
      'systemctl --no-ask-password stop slipway-web.service',
      'systemctl --no-ask-password disable slipway-web.service',
      `instance.unit-remove ${unit.file}`,
      'systemctl --no-ask-password daemon-reload',
    ]);
    expect(words('uninstall', { instance: 'web', unit })).toEqual([]);
    expect(words('uninstall', { instance: 'web', unit: { ...installed, manager: 'none', enabled: false, active: false } })).toEqual([
      `instance.unit-remove ${unit.file}`,
    ]);
  });

  it('start and stop are for what has a unit, and is not so already', () => {
    expect(words('start', { instance: 'web', unit })).toEqual([]);
    expect(words('start', { instance: 'web', unit: installed })).toEqual([]);
    expect(words('stop', { instance: 'web', unit: installed })).toEqual([`${ctl} stop slipway-web.service`]);
    expect(words('start', { instance: 'web', unit: { ...installed, active: false } })).toEqual([`${ctl} start slipway-web.service`]);
    expect(words('stop', { instance: 'web', unit: { ...installed, manager: 'none' } })).toEqual([]);
  });
});

describe('launchd', () => {
  it('install writes and bootstraps; a changed file takes the place of the loaded one', () => {
    const fresh = { ...unit, ...job };
    expect(words('install', { instance: 'web', unit: fresh, text: 'text', start: true })).toEqual([
      `instance.unit-write ${fresh.file}`,
      'launchctl enable gui/501/io.slipway.web',
      `launchctl bootstrap gui/501 ${fresh.file}`,
    ]);
    const there = { ...installed, ...job };
    expect(words('install', { instance: 'web', unit: there, text: 'text', start: true })).toEqual([]);
    expect(words('install', { instance: 'web', unit: { ...there, active: false }, text: 'text', start: true })).toEqual([
      'launchctl kickstart gui/501/io.slipway.web',
    ]);
    expect(words('install', { instance: 'web', unit: there, text: 'other', start: true })).toEqual([
      `instance.unit-write ${there.file}`,
      'launchctl bootout gui/501/io.slipway.web',
      'launchctl enable gui/501/io.slipway.web',
      `launchctl bootstrap gui/501 ${there.file}`,
    ]);
  });

  it('uninstall, start and stop', () => {
    const there = { ...installed, ...job, domain: 'system' };
    expect(words('uninstall', { instance: 'web', unit: there })).toEqual(['launchctl bootout system/io.slipway.web', `instance.unit-remove ${there.file}`]);
    expect(words('stop', { instance: 'web', unit: there })).toEqual(['launchctl kill SIGTERM system/io.slipway.web']);
    expect(words('start', { instance: 'web', unit: { ...there, active: false } })).toEqual(['launchctl kickstart system/io.slipway.web']);
  });
});
