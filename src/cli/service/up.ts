import { DEFAULT_ADDRESS, SERVICE } from '../../instances/service/constants.ts';
import { isLoopback } from '../../instances/service/address.ts';
import { setUpService } from '../../instances/service/set-up.ts';
import { type Call, printPlan, printResult } from '../call.ts';
import { confirmExposure } from '../questions.ts';
import { runningLine, serviceUrl } from '../instance/running.ts';
import { fromEnvironment, readVariables } from '../instance/secrets.ts';

export interface UpFlags {
  readonly port?: number | undefined;
  readonly bind?: string | undefined;
  readonly env?: readonly string[] | undefined;
  readonly image?: string | undefined;
  readonly yes?: true | undefined;
}

export async function up(call: Call, flags: UpFlags): Promise<void> {
  const secrets = flags.env === undefined ? undefined : await readVariables(flags.env, async (name) => fromEnvironment(call, name));
  const env = secrets && Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, value.reveal()]));
  const address = flags.bind === 'localhost' ? DEFAULT_ADDRESS : flags.bind;
  if (address !== undefined && !isLoopback(address)) await confirmExposure(call, flags.yes, exposure(address, env?.OPENCODE_SERVER_PASSWORD !== undefined));
  const done = await setUpService(call.app, { instance: SERVICE, image: flags.image, port: flags.port, address, env });
  if (done.did === 'planned') {
    await printPlan(call, done.changed);
    if (done.thenStarts) call.app.out.note('Then the container is started.');
    return;
  }
  const { config, version, id, did } = done;
  const url = serviceUrl(config);
  const text = did === 'nothing' ? `Instance ${config.name} runs already on ${url} (${version})` : runningLine(config);
  const facts = { state: 'running', url, port: config.port, address: config.address, version };
  printResult(call, { id: config.name, container: done.container, container_id: id, ...facts, changed: did !== 'nothing' }, text);
}

function exposure(address: string, password: boolean): string {
  const who = `Everybody who reaches ${address === '0.0.0.0' || address === '::' ? 'this machine' : address} will reach the server, and it runs commands`;
  return password ? `${who} for whoever has its password.` : `${who} for whoever asks: it has no password (--env OPENCODE_SERVER_PASSWORD=…).`;
}
