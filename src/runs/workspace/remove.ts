import { SlipwayError } from '../../errors.ts';
import { removeTree } from '../../state/remove-tree.ts';

/**
 * Removes a run's workspace with what its steps wrote there; links are not followed, and one that is gone is fine. `false`: files
 * of other users are left, which the run's container wrote: its engine has to remove them. Throws E_REMOVE, E_REMOVE_MOUNT.
 */
export async function removeWorkspace(directory: string, options: { readonly signal?: AbortSignal } = {}): Promise<boolean> {
  try {
    await removeTree(directory, options);
    return true;
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'E_REMOVE_FOREIGN') return false;
    throw error;
  }
}
