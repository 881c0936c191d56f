import type { Release } from '../../instances/releases/model.ts';

/** One release under `--json`. */
export function releaseJson({ service, version, directory, builtAt, gitCommit, repository, imageDigest, digest }: Release) {
  return {
    id: `${service}/${version}`,
    service,
    version,
    directory,
    built_at: builtAt,
    git_commit: gitCommit,
    repository,
    image_digest: imageDigest,
    digest,
  };
}
