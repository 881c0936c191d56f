import * as v from 'valibot';
import { serviceSchema } from './schema.ts';

const digest = v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256: and 64 digits'));

/** manifest.yml. A later Slipway's keys are kept. */
export const manifestSchema = v.looseObject({
  format: v.pipe(v.number(), v.integer('expected a whole number'), v.minValue(1, 'expected 1 or more')),
  service: v.string(),
  version: v.string(),
  built_at: v.pipe(v.string(), v.isoTimestamp('expected a time as 2026-11-21T09:30:00.000Z')),
  git_commit: v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'expected the full id of a commit')),
  repository: v.string(),
  image_digest: digest,
  digest,
  /** The engine that has its image since. */
  built_on: v.object({ kind: v.picklist(['docker', 'podman']), endpoint: v.string(), identity: v.string() }),
  definition: serviceSchema,
  files: v.record(v.string(), digest),
});

export type ManifestFile = v.InferOutput<typeof manifestSchema>;
