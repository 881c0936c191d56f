import type { Engine, EngineKind } from './model.ts';
import type { Environment } from './programs.ts';

/** The engine's own program for an endpoint. What the person's environment says about contexts and hosts is cleared: it would win over ours. */
export function engineProgram(kind: EngineKind, endpoint: string, env: Environment): ReturnType<Engine['program']> {
  if (kind === 'docker') {
    return { argv: ['docker', '-H', endpoint], env: { ...env, DOCKER_HOST: undefined, DOCKER_CONTEXT: undefined, CONTAINER_HOST: undefined } };
  }
  return {
    argv: ['podman', '--remote', '--url', endpoint],
    env: { ...env, CONTAINER_HOST: undefined, CONTAINER_CONNECTION: undefined, DOCKER_HOST: undefined },
  };
}
