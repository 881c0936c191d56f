import { SlipwayError } from '../errors.ts';
import { envLine, fromParent, joinInstructions, runLine } from './dockerfile.ts';
import type { AgentPart, ContextFile, LayerInputs, LayerName, RenderedLayer } from './model.ts';
import { nodeFallback, nodeMinimum } from './node-version.ts';
import { partHash } from './parts.ts';

/** Renders one layer. Pure: the same inputs give the same text, whatever the parent is. */
export function renderLayer(layer: LayerName, inputs: LayerInputs, refresh: string | undefined): RenderedLayer {
  switch (layer) {
    case 'l0':
      return renderBase(inputs, refresh);
    case 'l1-cli':
      return renderAgents(inputs, refresh);
    case 'l2-cli':
    case 'l2-dev':
      return renderProject(inputs);
    case 'l1-ui':
    case 'l2-web':
      throw new SlipwayError('E_LAYER_UNKNOWN', `This version of Slipway has no ${layer} layer.`);
  }
}

const share = '/usr/local/share/slipway';

function renderBase(inputs: LayerInputs, refresh: string | undefined): RenderedLayer {
  const setup = ['packages.sh', 'host-ca.sh', 'user.sh'].map((name) => script(inputs, `setup/${name}`, name));
  const certificates = inputs.hostCa.map((content, index): ContextFile => ({ path: `host-ca/slipway-host-${index + 1}.crt`, mode: 0o644, content }));
  const trusted = certificates.length > 0;
  return {
    dockerfile: joinInstructions(
      fromParent,
      refreshLine(refresh),
      trusted ? `COPY host-ca/ ${share}/host-ca/` : '',
      `COPY setup/ ${share}/setup/`,
      `RUN ["/bin/sh", "${share}/setup/packages.sh"]`,
      `RUN ["/bin/sh", "${share}/setup/user.sh"]`,
      trusted ? hostCaEnv : '',
      'WORKDIR /workspace',
    ),
    files: [...setup, ...certificates],
    parts: {
      packages: partHash(setup[0]?.content),
      user: partHash(setup[2]?.content),
      'host-ca': partHash(setup[1]?.content, inputs.hostCa),
      ...refreshPart(refresh),
    },
  };
}

/** Node.js adds to its own list; OpenSSL, pip and Python's requests want the whole bundle. git and curl read the distribution's. */
export const hostCaEnv = envLine({
  NODE_EXTRA_CA_CERTS: `${share}/host-ca.pem`,
  SSL_CERT_FILE: `${share}/ca-bundle.pem`,
  PIP_CERT: `${share}/ca-bundle.pem`,
  REQUESTS_CA_BUNDLE: `${share}/ca-bundle.pem`,
});

/** A line per agent, so that adding one at the end reuses what was built for those before it. */
function renderAgents(inputs: LayerInputs, refresh: string | undefined): RenderedLayer {
  const node = script(inputs, 'setup/node.sh', 'node.sh');
  const minimum = nodeMinimum(inputs.agents);
  return {
    dockerfile: joinInstructions(
      fromParent,
      refreshLine(refresh),
      // For the time of the build alone: a person's own `npm install --global` in a task goes where npm's default is.
      // Empty is npm's own; Podman warns of an argument without a value.
      'ARG npm_config_registry=""',
      'ARG npm_config_prefix=/usr/local',
      'ARG npm_config_cache=/tmp/slipway-npm',
      'ARG npm_config_update_notifier=false',
      'ARG npm_config_fund=false',
      'ARG npm_config_audit=false',
      `COPY setup/node.sh ${share}/setup/node.sh`,
      `RUN ["/bin/sh", "${share}/setup/node.sh", "${minimum}", "${nodeFallback(minimum)}"]`,
      inputs.agents.flatMap((agent) => installLines(agent)),
      'WORKDIR /workspace',
    ),
    files: [node],
    parts: {
      node: partHash(node.content, minimum),
      ...Object.fromEntries(inputs.agents.map((agent) => [`agent:${agent.name}`, partHash(agent.install, agent.node)])),
      order: partHash(inputs.agents.map(({ name }) => name)),
      ...refreshPart(refresh),
    },
  };
}

function installLines({ name, install }: AgentPart): readonly string[] {
  return install.length === 0 ? [] : [`# agent ${name}`, runLine([...install, 'rm -rf /tmp/slipway-npm /root/.npm /root/.cache'])];
}

/** `l2-cli` on L1, `l2-dev` on L0: the same project's part. */
function renderProject(inputs: LayerInputs): RenderedLayer {
  const repository = inputs.repository === undefined ? undefined : withoutCredentials(inputs.repository);
  const snippet = checkedSnippet(inputs.snippet);
  return {
    dockerfile: joinInstructions(
      fromParent,
      envLine({
        ...checkedEnv(inputs.env),
        ...(repository === undefined ? {} : { CODE_REPO: repository }),
        ...(inputs.branch === undefined ? {} : { GIT_BRANCH: inputs.branch }),
      }),
      snippet === '' ? '' : `# the project's own lines\n${snippet}`,
      // The entry script starts as root and drops to `dev`, whatever the lines above said.
      'USER root',
      // Last and up here, so that a new version of Slipway builds no agents and runs no snippet anew.
      'COPY container/ /usr/local/lib/slipway/',
      'WORKDIR /workspace',
    ),
    files: inputs.entry.map((file) => ({ ...file, path: `container/${file.path}` })),
    parts: {
      entry: partHash(inputs.entry),
      env: partHash(inputs.env),
      repository: partHash(repository),
      branch: partHash(inputs.branch),
      snippet: partHash(snippet),
    },
  };
}

function script(inputs: LayerInputs, path: string, name: string): ContextFile {
  return { path, mode: 0o755, content: inputs.setup[name] ?? '' };
}

/** An argument that every RUN after it sees: an older build's cache does not answer for newer agents. */
function refreshLine(refresh: string | undefined): string {
  return refresh === undefined ? '' : `ARG SLIPWAY_REFRESH=${refresh}`;
}

function refreshPart(refresh: string | undefined): Readonly<Record<string, string>> {
  return refresh === undefined ? {} : { refresh: partHash(refresh) };
}

/** `https://me:token@host/x` would keep the token in every container's environment. */
function withoutCredentials(repository: string): string {
  if (!/^https?:\/\//i.test(repository) || !URL.canParse(repository)) return repository;
  const url = new URL(repository);
  if (url.username === '' && url.password === '') return repository;
  url.username = '';
  url.password = '';
  return url.href;
}

function checkedEnv(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(env)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new SlipwayError('E_BAD_ENV', `${JSON.stringify(name)} cannot be the name of an environment variable.`, {
        hint: 'Change it under `env` of project.yml.',
      });
    }
    if (/[\r\n\0]/.test(value)) {
      throw new SlipwayError('E_BAD_ENV', `The value of ${name} has a line break, which an image's environment cannot hold.`, {
        hint: 'Put the text into a file by a line of the snippet, or write it on one line under `env` of project.yml.',
      });
    }
  }
  return env;
}

/** A second FROM would leave L1 behind, agents and all. */
function checkedSnippet(snippet: string): string {
  const text = snippet.replace(/\r\n/g, '\n').trimEnd();
  const from = text.split('\n').find((line) => /^\s*FROM\s/i.test(line));
  if (from === undefined) return text;
  throw new SlipwayError('E_BAD_SNIPPET', `The snippet has a line ${JSON.stringify(from.trim())}, but it goes on top of Slipway's own layers.`, {
    hint: 'Choose another base with `base` in project.yml, and take the FROM line out of the snippet.',
  });
}
