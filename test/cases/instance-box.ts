import type { ProcessEnd } from '../../src/host/process.ts';
import { type LabEngine, lab as theLab, removeLabelled, uniqueName } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { buildService, type ServiceVersion, serviceLabel } from '../services.ts';

/** `slipway instance status NAME --json`, as far as tests look. */
export interface StatusJson {
  readonly id: string;
  readonly state: string;
  readonly desired: string;
  readonly well: boolean;
  readonly version: string;
  readonly digest: string | null;
  readonly port: number;
  readonly url: string;
  readonly container_id: string | null;
  readonly drift: readonly { readonly key: string; readonly configured: string | null; readonly running: string | null }[];
  readonly problems: readonly { readonly kind: string; readonly message: string }[];
  readonly exit_code?: number | null;
  readonly uptime_seconds?: number | null;
  readonly health?: { readonly state: string; readonly probe: string } | null;
  readonly metrics?: string | null;
  readonly mounts?: readonly { readonly source: string; readonly target: string; readonly read_only: boolean }[];
}

/** A sandbox with images of the tests' service, which it takes along. */
export class InstanceBox extends Sandbox {
  readonly owner = uniqueName('instances');
  /** The first of some ports of this box's own: several files look for free ones at the same time. */
  readonly port: number;

  constructor(lab: LabEngine, file: number) {
    super(lab);
    const index = theLab.engines.findIndex(({ name }) => name === lab.name);
    // A hundred for each file of a run, thirty for each engine.
    this.port = 15_000 + (process.pid % 30) * 500 + file * 100 + Math.max(0, index) * 30;
  }

  tag(version: string): string {
    return `${this.owner}:${version}`;
  }

  async service(version: ServiceVersion): Promise<string> {
    return buildService(this.engine, this.tag(version.version), this.owner, version);
  }

  /** Of an image of the tests' service, asked at `/health` unless it is said otherwise. */
  create(name: string, version: string, ...more: readonly string[]): Promise<ProcessEnd> {
    const health = more.includes('--health') || more.includes('--config') ? [] : ['--health', '/health'];
    return this.slipway(['instance', 'create', name, '--image', this.tag(version), '--no-unit', ...health, ...more]);
  }

  async made(name: string, version: string, ...more: readonly string[]): Promise<void> {
    const end = await this.create(name, version, ...more);
    if (end.exitCode !== 0) throw new Error(`instance create ${name} ended with ${end.exitCode}:\n${end.stdout}${end.stderr}`);
  }

  status(name: string): Promise<StatusJson> {
    return this.json<StatusJson>(['instance', 'status', name]);
  }

  file(name: string, ...path: readonly string[]): string {
    return this.path('state/instances', name, ...path);
  }

  override async dispose(): Promise<void> {
    // Files of a container's root are not this person's to remove: the tests' own user is.
    try {
      await removeLabelled(this.engine, { 'io.slipway.install': this.installId ?? 'none' });
      for (const { tags } of await this.engine.images.list({ labels: { [serviceLabel]: this.owner } })) {
        for (const tag of tags) await this.engine.images.remove(tag, { force: true });
      }
    } finally {
      await super.dispose();
    }
  }
}
