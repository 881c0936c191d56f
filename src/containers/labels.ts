import type { Labels } from '../engine/model.ts';

/** What Slipway makes in an engine, and for what. */
export type ResourceKind = 'task' | 'auth' | 'run' | 'instance' | 'server' | 'layer' | 'shell' | 'release';

export const label = {
  managed: 'io.slipway.managed',
  /** The install that made it: nothing of another install's is ever removed. */
  install: 'io.slipway.install',
  /** The operation that made it: recovery finds what was left behind. */
  op: 'io.slipway.op',
  kind: 'io.slipway.kind',
  project: 'io.slipway.project',
  task: 'io.slipway.task',
  run: 'io.slipway.run',
  instance: 'io.slipway.instance',
  mode: 'io.slipway.mode',
  agent: 'io.slipway.agent',
  /** Of a run's side container: the service's name. Of an image: the template that it was built from. */
  service: 'io.slipway.service',
  /** Of a volume that runs share: the cache's key. */
  cache: 'io.slipway.cache',

  /** Of an instance's container: the version that it runs. */
  version: 'io.slipway.version',
  /** Of an instance's container, JSON: what it was made from, secrets as salted digests, so that a list alone tells drift. */
  applied: 'io.slipway.applied',

  /** `base` (bootstrapped), `l0`, `l1-cli`, `l2-cli` …, `service`: of an image. */
  layer: 'io.slipway.layer',
  fingerprint: 'io.slipway.fingerprint',
  /** Fingerprint of the layer below. */
  parent: 'io.slipway.parent',
  /** Of L0 and of a service's image: the base image's reference and id. */
  base: 'io.slipway.base',
  /** JSON: hash of each named input, so that staleness has a reason. */
  parts: 'io.slipway.parts',
  /** What `--agents` and `--full-rebuild` stamped, so that the newest agents count as an input of their own. */
  refresh: 'io.slipway.refresh',
} as const;

/** Which thing a resource belongs to, and what else its kind records. Keys are those of `label`. */
export type LabelExtras = { readonly [key in Exclude<keyof typeof label, 'managed' | 'install' | 'op' | 'kind'>]?: string };

/** The labels that everything of Slipway carries. `op` is the operation's id. */
export function ownLabels(install: string, op: string, kind: ResourceKind, extra: LabelExtras = {}): Labels {
  return {
    [label.managed]: 'true',
    [label.install]: install,
    [label.op]: op,
    [label.kind]: kind,
    ...extraLabels(extra),
  };
}

/** Finds what this install made; the filter of every list and every removal. */
export function ownFilter(install: string, kind?: ResourceKind, extra: LabelExtras = {}): Labels {
  return {
    [label.managed]: 'true',
    [label.install]: install,
    ...(kind === undefined ? {} : { [label.kind]: kind }),
    ...extraLabels(extra),
  };
}

/** Finds what one operation made. */
export function operationFilter(install: string, op: string): Labels {
  return { [label.managed]: 'true', [label.install]: install, [label.op]: op };
}

/** Whether a resource is this install's: checked again before anything is removed. */
export function isOwn(labels: Labels, install: string, kind?: ResourceKind): boolean {
  return labels[label.managed] === 'true' && labels[label.install] === install && (kind === undefined || labels[label.kind] === kind);
}

function extraLabels(extra: LabelExtras): Labels {
  const keys = Object.keys(extra) as (keyof LabelExtras)[];
  return Object.fromEntries(keys.flatMap((key) => (extra[key] === undefined ? [] : [[label[key], extra[key]]])));
}
