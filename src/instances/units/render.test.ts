import { describe, expect, it } from 'vitest';
import { installOfUnit, renderLaunchdJob, renderSystemdUnit, servicePath, type UnitContent } from './render.ts';

const content: UnitContent = {
  instance: 'web',
  install: '0b1c',
  scope: 'system',
  program: ['/usr/bin/node', '/opt/slipway/dist/slipway.js'],
  directory: '/var/lib/slipway/instances/web',
  log: '/var/lib/slipway/instances/web/logs/supervisor.log',
  environment: { SLIPWAY_STATE_DIR: '/var/lib/slipway', PATH: servicePath('/usr/bin/node') },
  user: { name: 'ada', gid: 1500 },
  stopTimeoutSeconds: 30,
  endpoint: 'unix:///var/run/docker.sock',
};
/** What people's paths may hold. */
const odd: UnitContent = {
  ...content,
  directory: '/srv/50% of "x" & <y>',
  program: ['/opt/a b/node', '/opt/$HOME/50%/slipway.js'],
  environment: { A: 'b c\\d' },
};

describe('a systemd unit', () => {
  it('of the system', () => {
    expect(renderSystemdUnit(content)).toBe(`# Written by \`slipway instance install web\`; \`slipway instance uninstall web\` removes it.
[Unit]
Description=Slipway instance web
X-Slipway-Install=0b1c
Wants=network-online.target
After=network-online.target docker.service podman.socket
StartLimitIntervalSec=60
StartLimitBurst=20

[Service]
Type=exec
User=ada
Group=1500
WorkingDirectory=/var/lib/slipway/instances/web
Environment=SLIPWAY_STATE_DIR=/var/lib/slipway
Environment=PATH=/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin
ExecStart=/usr/bin/node /opt/slipway/dist/slipway.js supervise web
Restart=on-failure
RestartSec=2
RestartPreventExitStatus=75
TimeoutStopSec=45
KillMode=mixed

[Install]
WantedBy=multi-user.target
`);
  });

  it("of a person names no unit of the system and no user, and comes up with the person's others", () => {
    const text = renderSystemdUnit({ ...content, scope: 'user', endpoint: 'unix:///run/user/1500/podman/podman.sock' });
    expect(text).not.toMatch(/^(?:User|Group|Requires|BindsTo)=|network-online|docker\.service/m);
    expect(text).toContain('\nWants=podman.socket\nAfter=podman.socket\n');
    expect(text).toContain('\nWantedBy=default.target\n');
  });

  it("of the system whose engine is a person's waits for the person's manager", () => {
    const text = renderSystemdUnit({ ...content, endpoint: 'unix:///run/user/1500/podman/podman.sock' });
    expect(text).toContain('\nWants=network-online.target user@1500.service\nAfter=network-online.target user@1500.service ');
  });

  it('takes paths literally: quotes, specifiers, variables', () => {
    const lines = renderSystemdUnit(odd).split('\n');
    expect(lines).toContain('WorkingDirectory=/srv/50%% of "x" & <y>');
    expect(lines).toContain('ExecStart="/opt/a b/node" "/opt/$$HOME/50%%/slipway.js" supervise web');
    expect(lines).toContain('Environment="A=b c\\\\d"');
  });

  it('holds no line break, and no backslash that would make one of two lines', () => {
    expect(() => renderSystemdUnit({ ...content, directory: '/srv/a\\' })).toThrow(/backslash/);
    expect(() => renderSystemdUnit({ ...content, directory: '/srv/a\nExecStart=/bin/evil' })).toThrow(/line break/);
  });
});

describe('a launchd job', () => {
  it('of the system, key by key', () => {
    expect(parsePlist(renderLaunchdJob(content))).toEqual({
      Label: 'io.slipway.web',
      ProgramArguments: ['/usr/bin/node', '/opt/slipway/dist/slipway.js', 'supervise', 'web'],
      UserName: 'ada',
      WorkingDirectory: '/var/lib/slipway/instances/web',
      EnvironmentVariables: {
        SLIPWAY_STATE_DIR: '/var/lib/slipway',
        PATH: '/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin',
        SLIPWAY_SUPERVISED_BY: 'launchd',
      },
      RunAtLoad: true,
      KeepAlive: { SuccessfulExit: false },
      StandardOutPath: '/var/lib/slipway/instances/web/logs/supervisor.log',
      StandardErrorPath: '/var/lib/slipway/instances/web/logs/supervisor.log',
      ExitTimeOut: 45,
    });
  });

  it('of a person is the same without a user', () => {
    const { UserName: _, ...rest } = parsePlist(renderLaunchdJob(content)) as Record<string, unknown>;
    expect(parsePlist(renderLaunchdJob({ ...content, scope: 'user' }))).toEqual(rest);
  });

  it('takes paths literally', () => {
    expect(parsePlist(renderLaunchdJob(odd))).toMatchObject({
      WorkingDirectory: '/srv/50% of "x" & <y>',
      ProgramArguments: ['/opt/a b/node', '/opt/$HOME/50%/slipway.js', 'supervise', 'web'],
      EnvironmentVariables: { A: 'b c\\d' },
    });
  });
});

it('both name the install that wrote them', () => {
  expect([renderSystemdUnit(content), renderLaunchdJob(content), '[Unit]\n'].map(installOfUnit)).toEqual(['0b1c', '0b1c', undefined]);
});

type Plist = string | number | boolean | readonly Plist[] | { readonly [key: string]: Plist };

/** The property lists of plist(5) that have no dates and data. Anything else in the text is an error. */
function parsePlist(text: string): Plist {
  const head =
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n';
  expect(text.startsWith(head)).toBe(true);
  const body = text.slice(head.length).replace(/<!--.*?-->/gs, '');
  const tokens = [...body.matchAll(/<(\/?)(\w+)([^>]*?)(\/?)>|[^<]+/g)].filter(([token]) => token.trim() !== '');
  let at = 0;
  const next = () => tokens[at++]?.[0] ?? '';
  const peek = () => tokens[at]?.[0] ?? '';
  const expectToken = (token: string) => expect(next()).toBe(token);
  const textUntil = (end: string) => {
    const value = peek() === end ? '' : next();
    expectToken(end);
    return value.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  };
  const value = (): Plist => {
    const token = next();
    switch (token) {
      case '<dict>': {
        const entries: [string, Plist][] = [];
        while (peek() !== '</dict>') {
          expectToken('<key>');
          entries.push([textUntil('</key>'), value()]);
        }
        expectToken('</dict>');
        expect(new Set(entries.map(([key]) => key)).size).toBe(entries.length);
        return Object.fromEntries(entries);
      }
      case '<array>': {
        const items: Plist[] = [];
        while (peek() !== '</array>') items.push(value());
        expectToken('</array>');
        return items;
      }
      case '<string>':
        return textUntil('</string>');
      case '<integer>':
        return Number(textUntil('</integer>'));
      case '<true/>':
        return true;
      case '<false/>':
        return false;
      default:
        throw new Error(`what is ${token} in a property list?`);
    }
  };
  expectToken('<plist version="1.0">');
  const whole = value();
  expectToken('</plist>');
  expect(at).toBe(tokens.length);
  return whole;
}
