import { SlipwayError } from '../errors.ts';

/** Builds after the first. */
const moreBuilds = 2;

/** Does a build, and does it again where it failed by the engine's own doing, so that the same one may go well. */
export async function buildAgain(build: () => Promise<string>): Promise<string> {
  for (let again = 0; ; again++) {
    try {
      return await build();
    } catch (error) {
      if (again >= moreBuilds || !(error instanceof SlipwayError) || error.code !== 'E_IMAGE_BUILD' || !failedByEngine(error)) throw error;
    }
  }
}

/** The API's last word is the error's message, a program's is in the detail. */
function failedByEngine({ message, detail = '' }: SlipwayError): boolean {
  const said = `Error: ${message}\n${detail}`;
  return lostFromCache(said) || /identifier is not a container|checking if cached image exists .*not known/.test(lastError(said)) || killedByPodman(said);
}

/**
 * Whether a step that the build took from the cache was gone when the next one began: removing an image takes the unnamed ones below it
 * along, however many builds use them, and by force also the containers of these builds. What is built again does not find it.
 */
function lostFromCache(said: string): boolean {
  const last = said.split(/\r?\n/).findLast((line) => /image not known|no such image/i.test(line)) ?? '';
  const [missing] = /[0-9a-f]{64}/.exec(last) ?? [];
  const taken = [...said.matchAll(/^ *-+> (?:Using cache )?([0-9a-f]{11,64})\s*$/gm)].map(([, id = '']) => id);
  return missing !== undefined && taken.some((id) => missing.startsWith(id));
}

/** Podman before 4.6 ends a step when Go gives up the thread that began it (containers/podman#17918). A command that is killed is an exit status. */
function killedByPodman(said: string): boolean {
  return /while running runtime: signal: killed\s*$/.test(lastError(said));
}

function lastError(said: string): string {
  return said.split(/\r?\n/).findLast((line) => line.startsWith('Error: ')) ?? '';
}
