import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import type { ServiceDefinition } from './model.ts';

/** A service as its repository declares it at one commit. */
export interface DeclaredService {
  readonly definition: ServiceDefinition;
  /** Absolute path of the work tree or bare repository, or the address. */
  readonly repository: string;
  /** Full id. */
  readonly commit: string;
}

/**
 * `.slipway/service.yml` of a repository (path or address) at a tag or another revision; default `HEAD`. Nothing is checked out.
 * Throws E_NO_REPOSITORY, E_CLONE, E_REVISION, E_NO_SERVICE, E_BAD_FILE.
 */
export async function readService(_app: App, _repository: string, _revision?: string): Promise<DeclaredService> {
  throw new SlipwayError('E_STEP_UNKNOWN', 'not there yet');
}
