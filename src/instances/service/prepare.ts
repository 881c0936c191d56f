import { SlipwayError, usageError } from '../../errors.ts';
import { change } from '../../operations/change.ts';
import type { App, Changed } from '../../operations/model.ts';
import { Secret } from '../../state/secret.ts';
import { createInstance } from '../create.ts';
import { draftInstance } from '../draft.ts';
import { isVariableName } from '../env-file.ts';
import { withSecretsFile } from '../hand-over.ts';
import type { InstanceConfig } from '../model.ts';
import { checkPort, instancePorts, publishedPorts } from '../ports.ts';
import { readInstanceIfAny } from '../store.ts';
import { deleteInstance } from '../verbs.ts';
import { DEFAULT_ADDRESS, DEFAULT_PORT, SERVICE } from './constants.ts';
import { chooseImage } from './image.ts';
import { volumesOf } from './template.ts';
import { checkVolumes } from './volumes.ts';

export interface ContainerSettings {
  readonly instance: string;
  readonly image: string | undefined;
  readonly port: number | undefined;
  readonly address: string | undefined;
  readonly env: Readonly<Record<string, string>> | undefined;
}

export interface Prepared {
  readonly config: InstanceConfig;
  readonly changed: Changed<unknown>;
}

/** Makes an instance of the template, with its container, and starts nothing. Every mistake is found before anything is made. */
export async function prepareService(app: App, { instance, image, port, address, env = {} }: ContainerSettings): Promise<Prepared> {
  for (const [name, value] of Object.entries(env)) checkVariable(name, value);
  checkPortNumber(port ?? DEFAULT_PORT);
  await chooseImage(app, image);
  await checkVolumes(app, { instance, volumes: volumesOf(instance) });
  await checkPort(address ?? DEFAULT_ADDRESS, port ?? DEFAULT_PORT, await portsOfOthers(app, instance));
  // Its container was removed by hand: what it was like is replaced by what is wanted now.
  if (!app.dryRun && (await readInstanceIfAny(app.paths, instance, app.person.home)) !== undefined) {
    await change(app, deleteInstance, { instance, keepData: false, volumes: false });
  }
  const { config } = await draftInstance(app, {
    name: instance,
    template: SERVICE,
    image,
    port: port ?? DEFAULT_PORT,
    address: address ?? DEFAULT_ADDRESS,
    cwd: app.person.home,
  });
  const id = await imageOf(app, config);
  const secrets = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, new Secret(value)]));
  const changed = await withSecretsFile(app, secrets, (secretsFile) =>
    change(app, createInstance, { config, image: id, digest: id, ...(secretsFile === undefined ? {} : { secretsFile }) }),
  );
  return { config, changed };
}

async function portsOfOthers(app: App, instance: string): Promise<ReadonlySet<number>> {
  const [held, published] = await Promise.all([instancePorts(app.paths, instance), publishedPorts(await app.engine(), app.signal)]);
  return new Set([...held, ...published]);
}

async function imageOf(app: App, { source, engine }: InstanceConfig): Promise<string> {
  const reference = 'image' in source ? source.image : '';
  const found = await app.engineAt(engine).images.inspect(reference, { signal: app.signal });
  if (found !== undefined) return found.id;
  throw new SlipwayError('E_NO_IMAGE', `Image not found. Run 'slipway image pull ${reference}' first.`, { hint: 'It was removed meanwhile.' });
}

function checkVariable(name: string, value: string): void {
  if (!isVariableName(name)) throw usageError(`${JSON.stringify(name)} is not the name of a variable.`, 'Letters, digits and _, no digit first.');
  if (typeof value !== 'string' || value.includes('\0')) throw usageError(`The value of ${name} is not a text without NUL.`);
}

function checkPortNumber(port: number): void {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw usageError(`${port} is not a port.`, 'Give one from 1 to 65535.');
}
