import { SlipwayError } from '../errors.ts';
import type { EngineInfo } from '../engine/model.ts';
import type { Person } from '../operations/model.ts';

/** As whom a container's programs run, so that the workspace's files belong to the person on every engine. */
export interface ContainerUser {
  /** The user inside. A person who is root stays root; so does one on rootless Docker, where root inside is the person. */
  readonly name: 'dev' | 'root';
  readonly home: string;
  /** Ids that the entry script gives the user. */
  readonly uid: number;
  readonly gid: number;
  /** Podman's `--userns`, where it is needed. */
  readonly userNamespace?: string;
}

/** `dev`'s ids as the base layer makes them; rootless Podman maps the person onto them. */
const devId = 1000;

export function containerUser(person: Person, engine: EngineInfo): ContainerUser {
  const root: ContainerUser = { name: 'root', home: '/root', uid: 0, gid: 0 };
  if (!engine.rootless) return person.uid === 0 ? root : { name: 'dev', home: '/home/dev', uid: person.uid, gid: person.gid };
  if (person.uid === 0) {
    throw new SlipwayError(
      'E_ENGINE_OTHER_USER',
      `The engine at ${engine.endpoint} is rootless and belongs to another user, so root's files cannot be shared with it.`,
      {
        hint: 'Run slipway as that user, or choose another engine with --engine.',
      },
    );
  }
  if (engine.kind === 'docker') return root;
  return { name: 'dev', home: '/home/dev', uid: devId, gid: devId, userNamespace: `keep-id:uid=${devId},gid=${devId}` };
}
