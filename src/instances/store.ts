import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { SlipwayError } from '../errors.ts';
import { isMissing, readFileIfAny, stateError, writeFileAtomic } from '../state/atomic.ts';
import { checkIdentifier, isIdentifier } from '../state/identifiers.ts';
import { nearest } from '../state/nearest.ts';
import { instanceFile, instanceStateFile, instancesDir, type Paths } from '../state/paths.ts';
import { readYamlText } from '../state/yaml.ts';
import { parseOnce } from '../state/yaml-cache.ts';
import { definitionOf } from './definition.ts';
import type { InstanceConfig, InstanceSource, InstanceState } from './model.ts';
import { resolveInstance, sourceOf } from './resolve.ts';
import type { InstanceFile } from './schema.ts';

/** Throws E_NO_INSTANCE, E_BAD_ID, E_BAD_FILE. `home` is what `~/` in the file stands for. */
export async function readInstance(paths: Paths, name: string, home: string = homedir()): Promise<InstanceConfig> {
  const config = await readInstanceIfAny(paths, name, home);
  if (config === undefined) throw noInstance(name, await listInstanceNames(paths));
  return config;
}

export async function readInstanceIfAny(paths: Paths, name: string, home: string = homedir()): Promise<InstanceConfig | undefined> {
  const file = await readInstanceFile(paths, name);
  return file && resolveInstance(name, file, await definitionOf(paths, sourceOf(file)), home);
}

/** The same configuration with another version: what config.yml does not say, that version's service.yml says. */
export async function readInstanceAt(paths: Paths, name: string, source: InstanceSource, home: string = homedir()): Promise<InstanceConfig> {
  const file = await readInstanceFile(paths, name);
  if (file === undefined) throw noInstance(name, await listInstanceNames(paths));
  const { service: _service, version: _version, image: _image, ...rest } = file;
  const of = 'release' in source ? source.release : { image: source.image };
  return resolveInstance(name, { ...rest, ...of }, await definitionOf(paths, source), home);
}

/** What the person's file says, checked. */
export async function readInstanceFile(paths: Paths, name: string): Promise<InstanceFile | undefined> {
  const file = instanceFile(paths, checkIdentifier('instance', name));
  const text = await readYamlText(file);
  return text === undefined ? undefined : parseOnce(paths, `instance-${name}`, file, text, () => parseInstance(file, text));
}

export async function parseInstance(file: string, text: string): Promise<InstanceFile> {
  const [{ parseYaml }, { checkedInstanceSchema }] = await Promise.all([import('../state/yaml.ts'), import('./schema.ts')]);
  return parseYaml(file, text, checkedInstanceSchema);
}

/** Edits config.yml where there is one, so that a person's comments stay; else writes it. */
export async function writeInstance(paths: Paths, config: InstanceConfig, home: string = homedir()): Promise<void> {
  const { instanceToFile } = await import('./to-file.ts');
  const path = instanceFile(paths, config.name);
  const before = await readInstanceIfAny(paths, config.name, home);
  const wanted = instanceToFile(config, await definitionOf(paths, config.source));
  if (before === undefined) {
    const { renderInstance } = await import('./render.ts');
    return writeFileAtomic(path, await renderInstance(config.name, wanted), { mode: 0o600 });
  }
  const { editYaml } = await import('./config-edit.ts');
  const text = (await readYamlText(path)) ?? '';
  const edited = await editYaml(text, instanceToFile(before, await definitionOf(paths, before.source)), wanted);
  await parseInstance(path, edited);
  if (edited !== text) await writeFileAtomic(path, edited, { mode: 0o600 });
}

/** Folders under `instances/` that have a config.yml, sorted. */
export async function listInstanceNames(paths: Paths): Promise<readonly string[]> {
  const folder = instancesDir(paths);
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && isIdentifier(entry.name))
      .map(({ name }) => name)
      .sort();
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw stateError('read', folder, cause);
  }
}

export type InstanceEntry = { readonly name: string; readonly config: InstanceConfig } | { readonly name: string; readonly error: SlipwayError };

/** Every instance; a broken file is an entry with its error. A folder without config.yml is left out: its creation or deletion was cut off. */
export async function readInstances(paths: Paths, home: string = homedir()): Promise<readonly InstanceEntry[]> {
  const entries = await Promise.all(
    (await listInstanceNames(paths)).map(async (name): Promise<InstanceEntry | undefined> => {
      try {
        const config = await readInstanceIfAny(paths, name, home);
        return config && { name, config };
      } catch (error) {
        if (!(error instanceof SlipwayError)) throw error;
        return { name, error };
      }
    }),
  );
  return entries.filter((entry) => entry !== undefined);
}

const format = 1;

/** Of an instance without state.json, such as one whose creation goes on: stopped, and a new salt. */
export async function readInstanceState(paths: Paths, name: string): Promise<InstanceState> {
  return stateOf(await readStateFile(paths, name));
}

type StatePatch = { readonly [Key in keyof InstanceState]?: InstanceState[Key] | null };

/** Changes the keys given; `null` takes one away. Keys that this version does not know are kept. */
export async function patchInstanceState(paths: Paths, name: string, patch: StatePatch): Promise<void> {
  const before = await readStateFile(paths, name);
  const changed = Object.entries({ ...before, ...stateOf(before), ...patch }).filter(([, value]) => value !== null && value !== undefined);
  await writeFileAtomic(instanceStateFile(paths, name), `${JSON.stringify({ ...Object.fromEntries(changed), format }, undefined, 2)}\n`, { mode: 0o600 });
}

async function readStateFile(paths: Paths, name: string): Promise<Readonly<Record<string, unknown>>> {
  const file = instanceStateFile(paths, name);
  const text = await readFileIfAny(file);
  if (text === undefined) return {};
  const parsed = parseState(text);
  if (parsed === undefined) {
    throw new SlipwayError('E_BAD_FILE', `${file} cannot be read as an instance's state.`, {
      hint: `Restore it from a backup, or remove it: \`slipway instance start ${name}\` then asks to make the container anew.`,
    });
  }
  if (typeof parsed.format === 'number' && parsed.format > format) {
    throw new SlipwayError('E_NEWER_FORMAT', `${file} was written by a newer Slipway (format ${parsed.format}).`, {
      hint: 'Update Slipway to use this instance.',
    });
  }
  return parsed;
}

function parseState(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function stateOf(file: Readonly<Record<string, unknown>>): InstanceState {
  const update = file.update as InstanceState['update'];
  return {
    salt: typeof file.salt === 'string' ? file.salt : randomBytes(16).toString('hex'),
    desired: file.desired === 'running' ? 'running' : 'stopped',
    digest: typeof file.digest === 'string' ? file.digest : undefined,
    ...(typeof update?.operation === 'string' ? { update } : {}),
  };
}

export function noInstance(name: string, known: readonly string[]): SlipwayError {
  const near = nearest(name, known);
  const hint = near
    ? `Did you mean \`${near}\`? \`slipway instance status\` shows all.`
    : known.length > 0
      ? '`slipway instance status` shows the instances.'
      : `\`slipway instance create ${name}\` makes it.`;
  return new SlipwayError('E_NO_INSTANCE', `There is no instance \`${name}\`.`, { hint });
}
