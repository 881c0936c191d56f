import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { label, ownLabels } from '../../containers/labels.ts';
import type { Engine } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import { writeContext } from '../../images/context.ts';
import { joinInstructions, labelLine } from '../../images/dockerfile.ts';
import { buildOnHost, withPinnedBase } from '../../images/from-base.ts';
import { hostCertificates } from '../../images/host-ca.ts';
import { baseTag, bootstrapTag } from '../../images/names.ts';
import { change } from '../../operations/change.ts';
import type { App, Changed, Plan, Step, StepKind, Verb } from '../../operations/model.ts';
import { defaults } from '../../projects/defaults.ts';
import type { BootstrapBase } from '../../projects/model.ts';
import { readConfig } from '../../projects/store.ts';
import { IMAGE_NAME, SERVICE } from './constants.ts';
import { renderServiceImage } from './image-context.ts';

export interface ServiceImageWanted {
  readonly template: string;
  readonly tag: string;
  /** The base as part of a tag: names the lock. */
  readonly base: string;
  /** Without the builder's cache, the base pulled again. */
  readonly fullRebuild: boolean;
}

export interface ServiceImageState {
  readonly base: { readonly reference: string; readonly bootstrap: BootstrapBase | undefined; readonly present: boolean };
  /** Of what it would be built from; `undefined`: the base is not there yet. */
  readonly fingerprint: string | undefined;
  /** The image that has the tag. */
  readonly image: { readonly id: string; readonly fingerprint: string | undefined } | undefined;
}

interface BuildStep extends Step {
  readonly template: string;
  readonly tag: string;
  readonly base: string;
  readonly noCache?: true;
}

/** Reads what the image is built from; asks no engine. */
async function readInputs(app: App, template: string) {
  const config = await readConfig(app.paths);
  const base = config.base ?? defaults.base;
  return {
    reference: typeof base === 'string' ? base : bootstrapTag(base),
    bootstrap: typeof base === 'string' ? undefined : base,
    network: config.build.network,
    rendered: renderServiceImage(template, hostCertificates(config.trustHostCa, app.env)),
  };
}

type Inputs = Awaited<ReturnType<typeof readInputs>>;

function fingerprintOf({ rendered }: Inputs, baseId: string): string {
  return createHash('sha256')
    .update(JSON.stringify([baseId, rendered]))
    .digest('hex');
}

const buildStep: StepKind = {
  do: 'service.build-image',
  describe: (step) => `Build ${(step as BuildStep).tag}`,
  async apply(context, step) {
    const { template, tag, base, noCache } = step as BuildStep;
    const { app } = context;
    const engine = await app.engine();
    const inputs = await readInputs(app, template);
    const found = await engine.images.inspect(base);
    if (found === undefined) {
      throw new SlipwayError('E_NO_IMAGE', `The base image ${base} is not on this engine.`, { hint: `Get it with \`slipway image pull ${base}\`.` });
    }
    app.out.note(buildStep.describe(step));
    const before = await engine.images.inspect(tag);
    const directory = join(app.paths.state, 'build', 'services', template);
    // A kind that no container of Slipway's has: whoever runs the image by hand has made no instance.
    const labels = ownLabels(await app.installId(), context.operation, 'layer', {
      layer: 'service',
      service: template,
      fingerprint: fingerprintOf(inputs, found.id),
      base: `${base} ${found.id}`,
    });
    await writeContext(directory, { ...inputs.rendered, parts: {}, dockerfile: joinInstructions(inputs.rendered.dockerfile.trimEnd(), labelLine(labels)) });
    await withPinnedBase(engine, context.operation, found.id, (parent) =>
      buildOnHost(context, engine, { context: directory, tags: [tag], parent, network: inputs.network, npm: true, ...(noCache ? { noCache } : {}) }),
    );
    await removeReplaced(engine, before?.id, await app.installId());
  },
};

/** What had the name before, where nothing else names or uses it. */
async function removeReplaced(engine: Engine, id: string | undefined, install: string): Promise<void> {
  const replaced = id === undefined ? undefined : await engine.images.inspect(id);
  if (replaced === undefined || replaced.tags.length > 0 || replaced.labels[label.install] !== install) return;
  await engine.images.remove(replaced.id).catch((error: unknown) => {
    if (!(error instanceof SlipwayError) || !['E_IN_USE', 'E_CONFLICT'].includes(error.code)) throw error;
  });
}

export const imageSteps: readonly StepKind[] = [buildStep];

function planBuild({ base, fingerprint, image }: ServiceImageState, { template, tag, fullRebuild }: ServiceImageWanted): Plan {
  if (!fullRebuild && image !== undefined && fingerprint !== undefined && image.fingerprint === fingerprint) return { steps: [] };
  const build: BuildStep = { do: 'service.build-image', template, tag, base: base.reference, ...(fullRebuild ? { noCache: true } : {}) };
  return { steps: [...fetchBase(base, fullRebuild), build], otherwise: [{ do: 'image.discard', project: template }] };
}

function fetchBase(base: ServiceImageState['base'], again: boolean): readonly Step[] {
  if (base.present && !again) return [];
  if (base.bootstrap) return base.present ? [] : [{ do: 'image.bootstrap', tag: base.reference, base: { ...base.bootstrap } }];
  return [{ do: 'image.pull', reference: base.reference, ...(base.present ? { optional: true } : {}) }];
}

async function observeBuild(app: App, { template, tag }: Pick<ServiceImageWanted, 'template' | 'tag'>): Promise<ServiceImageState> {
  const [engine, inputs] = await Promise.all([app.engine(), readInputs(app, template)]);
  const [base, image] = await Promise.all([
    engine.images.inspect(inputs.reference, { signal: app.signal }),
    engine.images.inspect(tag, { signal: app.signal }),
  ]);
  return {
    base: { reference: inputs.reference, bootstrap: inputs.bootstrap, present: base !== undefined },
    fingerprint: base === undefined ? undefined : fingerprintOf(inputs, base.id),
    image: image === undefined ? undefined : { id: image.id, fingerprint: image.labels[label.fingerprint] },
  };
}

export const buildServiceImageVerb: Verb<ServiceImageWanted, ServiceImageState> = {
  name: 'service.build-image',
  locks: ({ base, template }) => [`build/base-${base}`, `build/service-${template}`],
  lockTimeoutMs: 30 * 60_000,
  describe: ({ tag }) => `build ${tag}`,
  observe: observeBuild,
  plan: planBuild,
};

/** Of the image as it would be built now; `undefined`: its base is not there. */
export async function wantedFingerprint(app: App): Promise<string | undefined> {
  return (await observeBuild(app, { template: SERVICE, tag: IMAGE_NAME })).fingerprint;
}

/** Builds the image of a service template; does nothing where it is up to date. */
export async function buildServiceImage(app: App, options: { readonly fullRebuild?: boolean } = {}): Promise<Changed<ServiceImageState>> {
  const { reference } = await readInputs(app, SERVICE);
  return change(app, buildServiceImageVerb, { template: SERVICE, tag: IMAGE_NAME, base: baseTag(reference), fullRebuild: options.fullRebuild ?? false });
}
