import type { BootstrapBase } from '../projects/model.ts';

/** `l1-ui` and `l2-web` are the web interface's. */
export type LayerName = 'l0' | 'l1-cli' | 'l1-ui' | 'l2-cli' | 'l2-web' | 'l2-dev';

export const layerNames: readonly LayerName[] = ['l0', 'l1-cli', 'l1-ui', 'l2-cli', 'l2-web', 'l2-dev'];

/** The layer that each is built from; L0 is built from the base. */
export const layerBelow: Readonly<Record<LayerName, LayerName | undefined>> = {
  l0: undefined,
  'l1-cli': 'l0',
  'l1-ui': 'l0',
  'l2-cli': 'l1-cli',
  'l2-web': 'l1-ui',
  'l2-dev': 'l0',
};

/** `L1` of `l1-cli`, as people are told. */
export function layerTitle(layer: LayerName): string {
  return layer === 'l2-dev' ? 'L2-dev' : layer.slice(0, 2).toUpperCase();
}

export interface ContextFile {
  /** In the build context, with `/`. */
  readonly path: string;
  /** `0o755`, `0o644`. */
  readonly mode: number;
  readonly content: string;
}

/** Named inputs of a layer and their hashes: `packages`, `agent:claude`, `snippet` … Comparing two gives the reason of staleness. */
export type Parts = Readonly<Record<string, string>>;

/** A layer as text: what `generate` writes and what the engine builds. */
export interface RenderedLayer {
  readonly dockerfile: string;
  readonly files: readonly ContextFile[];
  readonly parts: Parts;
}

/** What L1 needs to know of an agent. */
export interface AgentPart {
  readonly name: string;
  /** Range such as `>=18`; `undefined`: none needed. */
  readonly node: string | undefined;
  readonly install: readonly string[];
}

/** Everything that layers are rendered from; no engine was asked. */
export interface LayerInputs {
  /** The base image's reference; of a bootstrapped one, the name it gets. */
  readonly base: string;
  readonly bootstrap: BootstrapBase | undefined;
  /** Set-up scripts by file name (`templates/dockerfiles/`). */
  readonly setup: Readonly<Record<string, string>>;
  /** Entry scripts (`templates/container/`). */
  readonly entry: readonly ContextFile[];
  /** Certificates of the host's own, PEM; empty: none are passed on. */
  readonly hostCa: readonly string[];
  readonly agents: readonly AgentPart[];
  /** The project has a list of agents of its own. */
  readonly ownAgents: boolean;
  readonly project: string;
  readonly repository: string | undefined;
  readonly branch: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly snippet: string;
  /** Network that builds run in; not part of any fingerprint. */
  readonly network: string | undefined;
}

/** What `--agents` and `--full-rebuild` stamped: an input of its own, so that the same text can stand for newer agents. */
export interface Refresh {
  readonly l0?: string | undefined;
  readonly l1?: string | undefined;
}

/** A layer as it should be now. */
export interface WantedLayer {
  readonly layer: LayerName;
  /** Name for people: `slipway-l0:ubuntu-24.04`, `demo:l2-cli`. */
  readonly alias: string;
  /** The tag that the layer above is built from. */
  readonly tag: string;
  readonly fingerprint: string;
  /** Fingerprint of the layer below; of L0, the base image's id. */
  readonly parent: string;
  readonly refresh: string | undefined;
  readonly parts: Parts;
  readonly rendered: RenderedLayer;
}

/** A layer that the engine has. */
export interface LayerImage {
  readonly id: string;
  readonly layer: LayerName;
  readonly fingerprint: string;
  readonly parent: string;
  readonly parts: Parts;
  readonly refresh: string | undefined;
  /** Of L0: reference and id of the base image. */
  readonly base: { readonly reference: string; readonly id: string } | undefined;
  /** Of L2. */
  readonly project: string | undefined;
  readonly operation: string;
  readonly tags: readonly string[];
  /** Has the tag of its fingerprint. What a person builds or commits on top of a layer carries its labels too, and is none. */
  readonly tagged: boolean;
  readonly createdAt: string;
  readonly sizeBytes: number;
}

export interface LayerState {
  readonly layer: LayerName;
  readonly alias: string;
  /** `fresh`: the image that the files ask for is there. */
  readonly state: 'fresh' | 'stale' | 'missing';
  /** `agent claude changed`, `layer L1 changed below it`. */
  readonly reasons: readonly string[];
  /** The command that makes it fresh; `undefined` where it is. */
  readonly fix: string | undefined;
  /** The fresh image, else the one that is used until the next build. */
  readonly image: LayerImage | undefined;
}

/** A project's layers, as files ask for them and as the engine has them. */
export interface ProjectImages {
  readonly project: string;
  readonly base: BaseFacts;
  /** L0 first; empty where the base is not known. */
  readonly wanted: readonly WantedLayer[];
  readonly layers: readonly LayerState[];
  /** Every layer of this install on the engine. */
  readonly images: readonly LayerImage[];
}

export interface BaseFacts {
  readonly reference: string;
  readonly bootstrap: BootstrapBase | undefined;
  /** Id of the image in the engine, or of the one that L0 was built from where the base itself is gone; `undefined`: neither. */
  readonly id: string | undefined;
  /** The engine has the base image itself. */
  readonly present: boolean;
}
