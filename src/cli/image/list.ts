import { type ListedImage, listImages, type WantedService } from '../../images/list.ts';
import { observeAll } from '../../images/observe-all.ts';
import { type Call, formatTable, printResult } from '../call.ts';
import { formatAge, formatBytes } from './format.ts';

export async function list(call: Call): Promise<void> {
  const all = await observeAll(call.app);
  const images = listImages(all, all.services.length === 0 ? {} : await wantedServices(call));
  for (const id of all.unreadable) call.app.out.warn(`project ${id} cannot be read, so its images are not judged: \`slipway project show ${id}\` tells why`);
  printResult(call, images.map(asJson), images.length === 0 ? '' : table(images, call.app.clock.now()));
  if (images.length === 0 && !call.json) call.app.out.note('There are no images. `slipway build PROJECT` makes them.');
}

async function wantedServices({ app }: Call): Promise<Readonly<Record<string, WantedService>>> {
  const [{ wantedFingerprint }, { IMAGE_NAME, SERVICE }] = await Promise.all([
    import('../../instances/service/image-build.ts'),
    import('../../instances/service/constants.ts'),
  ]);
  return { [SERVICE]: { tag: IMAGE_NAME, fingerprint: await wantedFingerprint(app), fix: `slipway image build ${SERVICE}` } };
}

function table(images: readonly ListedImage[], now: Date): string {
  const rows = images.map((image) => [
    image.name,
    image.layer,
    image.state === 'stale' ? `stale: ${image.reasons.join(', ')}` : image.state,
    formatBytes(image.sizeBytes),
    formatAge(image.createdAt, now),
    [...image.projects, ...image.containers].join(', ') || '-',
  ]);
  const fixes = [...new Set(images.flatMap(({ fix }) => fix ?? []))];
  const more = fixes.length === 0 ? '' : `\n\n${fixes.map((fix) => `\`${fix}\` makes it fresh.`).join('\n')}`;
  return `${formatTable(['name', 'layer', 'state', 'size', 'created', 'used by'], rows)}${more}`;
}

function asJson(image: ListedImage) {
  return {
    id: image.id,
    name: image.name,
    layer: image.layer,
    state: image.state,
    reasons: image.reasons,
    fix: image.fix ?? null,
    size_bytes: image.sizeBytes,
    created_at: image.createdAt,
    projects: image.projects,
    containers: image.containers,
  };
}
