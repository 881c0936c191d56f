import { version } from '../../version.ts';

/** The instance that `slipway up` looks after, and the template that it is made from. */
export const SERVICE = 'opencode';

/** Name of the container, and its host name. */
export const CONTAINER_NAME = 'slipway-opencode';

/** TCP port on the host, where none is said. */
export const DEFAULT_PORT = 3000;

/** TCP port in the container. */
export const CONTAINER_PORT = 3000;

/** Address on the host, where none is said: only programs of this machine reach it. */
export const DEFAULT_ADDRESS = '127.0.0.1';

/** The named volumes: sessions (with logs and sign-ins), the projects that are worked on, and settings. */
export const VOLUME_NAMES = {
  session: 'slipway-opencode-session',
  projects: 'slipway-opencode-projects',
  config: 'slipway-opencode-config',
} as const;

/** Where the container has them. */
export const MOUNT_POINTS = {
  session: '/home/opencode/.opencode',
  projects: '/workspace',
  config: '/home/opencode/.config',
} as const;

/** Working directory of the server. */
export const WORKING_DIR = '/workspace';

/** The image that is built here: `slipway-opencode:<Slipway's version>`. */
export const IMAGE_NAME = `slipway-opencode:${version}`;

/** The image that is published. */
export const REGISTRY_IMAGE_NAME = `ghcr.io/slipway/${IMAGE_NAME}`;
