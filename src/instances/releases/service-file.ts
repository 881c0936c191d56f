import { SlipwayError } from '../../errors.ts';
import { complaint, treeError } from '../../git/complaint.ts';
import { ask, lineOf } from '../../git/repository.ts';
import { resolveRevision } from '../../git/revision.ts';
import type { GitCaller } from '../../git/run-git.ts';
import type { App } from '../../operations/model.ts';
import { parseYaml } from '../../state/yaml.ts';
import { serviceFromFile } from './from-file.ts';
import type { ServiceDefinition } from './model.ts';
import { openSource, type Source } from './repository.ts';
import type { ServiceFile } from './schema.ts';

export const serviceFile = '.slipway/service.yml';

/** A service as its repository declares it at one commit. */
export interface DeclaredService {
  readonly definition: ServiceDefinition;
  /** What the file says, checked, with the service's name: what a manifest keeps. */
  readonly file: ServiceFile & { readonly service: string };
  /** Absolute path of the work tree or bare repository, or the address. */
  readonly repository: string;
  /** Full id. */
  readonly commit: string;
}

/**
 * `.slipway/service.yml` of a repository (path or address) at a tag or another revision; default `HEAD`. Nothing is checked out.
 * Throws E_NO_REPOSITORY, E_CLONE, E_REVISION, E_NO_SERVICE, E_BAD_FILE.
 */
export async function readService(app: App, repository: string, revision?: string): Promise<DeclaredService> {
  const caller = { env: app.env, signal: app.signal };
  const named = async (source: Pick<Source, 'git'>) =>
    revision === undefined
      ? undefined
      : await ask(source.git.top, caller, 'rev-parse', '--verify', '--quiet', `refs/tags/${revision}^{commit}`).then((end) =>
          end.ok ? lineOf(end.stdout) : undefined,
        );
  const source = await openSource(app, repository, async (git) => isCommit(revision) || (await named({ git })) !== undefined);
  // A branch of the same name does not win.
  const commit = (await named(source)) ?? (await resolveRevision(source.git, revision ?? 'HEAD', caller)).commit;
  const text = await readBlob(source, commit, revision ?? 'HEAD', caller);
  const { checkedServiceSchema } = await import('./schema.ts');
  const file = await parseYaml(`${revision ?? 'HEAD'}:${serviceFile}`, text, checkedServiceSchema).catch((error: unknown) => {
    throw withAdvice(error);
  });
  const definition = serviceFromFile(file, source.mirrored ? source.repository : source.git.commonDir);
  return { definition, file: { ...file, service: definition.service }, repository: source.repository, commit };
}

const isCommit = (revision: string | undefined) => revision !== undefined && /^[0-9a-f]{40,64}$/.test(revision);

async function readBlob({ git, shown }: Source, commit: string, revision: string, caller: GitCaller): Promise<string> {
  const listed = await ask(git.top, caller, 'ls-tree', '-z', '--full-tree', commit, '--', serviceFile);
  if (!listed.ok) throw treeError(commit, git.top, listed.stderr);
  const [mode, type, id] = listed.stdout.toString('latin1').split(/[ \t]/);
  if (mode === undefined || id === undefined || type !== 'blob' || mode === '120000') throw noService(shown, revision, mode === '120000');
  const content = await ask(git.top, caller, 'cat-file', 'blob', id);
  if (!content.ok) {
    throw new SlipwayError('E_OBJECT_MISSING', `Git cannot read ${serviceFile} of ${revision} in ${shown}.`, { detail: complaint(content.stderr) });
  }
  return content.stdout.toString('utf8');
}

function noService(shown: string, revision: string, isLink: boolean): SlipwayError {
  const what = isLink
    ? `In ${revision} of ${shown}, ${serviceFile} is a link, which is not followed.`
    : `There is no ${serviceFile} in ${revision} of ${shown}.`;
  return new SlipwayError('E_NO_SERVICE', what, {
    hint: `Write ${serviceFile} (docs/reference/service.yml shows every setting), commit it, and tag that commit.`,
  });
}

/** The file that was read is a commit's. */
function withAdvice(error: unknown): unknown {
  if (!(error instanceof SlipwayError) || error.code !== 'E_BAD_FILE') return error;
  return new SlipwayError('E_BAD_FILE', error.message, {
    cause: error,
    hint: `Mend ${serviceFile}, commit it, and tag that commit.`,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
  });
}
