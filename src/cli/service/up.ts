import { usageError } from '../../errors.ts';
import { DEFAULT_ADDRESS, SERVICE } from '../../instances/service/constants.ts';
import { isLoopback } from '../../instances/service/address.ts';
import { setUpService } from '../../instances/service/set-up.ts';
import { type Call, printPlan, printResult } from '../call.ts';
import { confirmExposure } from '../confirm.ts';

export interface UpFlags {
  readonly port?: number | undefined;
  readonly bind?: string | undefined;
  readonly env?: readonly string[] | undefined;
  readonly image?: string | undefined;
  readonly yes?: true | undefined;
}

export async function up(call: Call, flags: UpFlags): Promise<void> {
  const env = flags.env === undefined ? undefined : variables(flags.env);
  const address = flags.bind === 'localhost' ? DEFAULT_ADDRESS : flags.bind;
  if (address !== undefined && !isLoopback(address)) await confirmExposure(call, flags.yes, exposure(address, env?.OPENCODE_SERVER_PASSWORD !== undefined));
  const done = await setUpService(call.app, { instance: SERVICE, image: flags.image, port: flags.port, address, env });
  if (done.did === 'planned') {
    await printPlan(call, done.changed);
    if (done.thenStarts) call.app.out.note('Then the container is started.');
    return;
  }
  const { config, version, id, did } = done;
  const url = `http://${urlHost(config.address)}:${config.port}`;
  const text = did === 'nothing' ? `Instance ${config.name} runs already on ${url} (${version})` : `Instance ${config.name} running on ${url} (${version})`;
  printResult(
    call,
    {
      id,
      name: config.name,
      container: done.container,
      state: 'running',
      url,
      port: config.port,
      address: config.address,
      version,
      created: did === 'created',
    },
    text,
  );
}

function variables(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(pair) ?? [];
      // What was typed may be a secret: it is not said again.
      if (name === undefined || value === undefined) throw usageError('--env wants NAME=value.', 'Such as --env OPENCODE_SERVER_PASSWORD=…');
      return [name, value] as const;
    }),
  );
}

function exposure(address: string, password: boolean): string {
  const who = `Everybody who reaches ${address === '0.0.0.0' || address === '::' ? 'this machine' : address} will reach the server, and it runs commands`;
  return password ? `${who} for whoever has its password.` : `${who} for whoever asks: it has no password (--env OPENCODE_SERVER_PASSWORD=…).`;
}

function urlHost(address: string): string {
  if (isLoopback(address) || address === '0.0.0.0' || address === '::') return 'localhost';
  return address.includes(':') ? `[${address}]` : address;
}
