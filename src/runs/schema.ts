import * as v from 'valibot';

const text = v.string();
const optionalText = v.optional(v.string());

/** `run.yml`, a machine file: keys of a later version are kept. */
export const runFileSchema = v.looseObject({
  format: v.number(),
  id: text,
  repository: text,
  created_at: text,
  source: v.looseObject({ repository: text, revision: text, commit: text, ref: optionalText, dirty: v.boolean() }),
  executor: v.optional(v.picklist(['container', 'host'])),
  engine_wanted: optionalText,
  engine: v.optional(v.looseObject({ kind: v.picklist(['docker', 'podman']), endpoint: text, identity: text })),
  jobs: v.optional(v.array(text)),
  timeout_seconds: v.optional(v.number()),
  keep: v.boolean(),
  supersede: v.boolean(),
  retry_of: optionalText,
  tree: optionalText,
});

/** `container.yml`. */
export const containerFileSchema = v.looseObject({
  image_tag: optionalText,
  container_id: optionalText,
  build_started_at: optionalText,
  build_finished_at: optionalText,
  container_started_at: optionalText,
  container_stopped_at: optionalText,
  build_process: v.optional(v.looseObject({ pid: v.number(), start_time: text, boot_id: text })),
});
