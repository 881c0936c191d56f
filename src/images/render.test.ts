import { describe, expect, it } from 'vitest';
import type { LayerInputs } from './model.ts';
import { renderLayer } from './render.ts';
import { sampleInputs } from './sample-inputs.ts';

const render = (layer: 'l0' | 'l1-cli' | 'l2-cli' | 'l2-dev', changes: Partial<LayerInputs> = {}, refresh?: string) =>
  renderLayer(layer, { ...sampleInputs, ...changes }, refresh);

describe('L0', () => {
  it('is set up by scripts', () => {
    expect(render('l0').dockerfile).toBe(
      [
        'ARG SLIPWAY_PARENT',
        'FROM ${SLIPWAY_PARENT}',
        'USER root',
        'COPY setup/ /usr/local/share/slipway/setup/',
        'RUN ["/bin/sh", "/usr/local/share/slipway/setup/packages.sh"]',
        'RUN ["/bin/sh", "/usr/local/share/slipway/setup/user.sh"]',
        'WORKDIR /workspace',
        '',
      ].join('\n'),
    );
  });

  it('carries every script with a mode that lets it run', () => {
    expect(render('l0').files.map(({ path, mode }) => [path, mode])).toEqual([
      ['setup/packages.sh', 0o755],
      ['setup/host-ca.sh', 0o755],
      ['setup/user.sh', 0o755],
    ]);
    expect(render('l2-cli').files.map(({ path, mode }) => [path, mode])).toEqual([['container/entry.sh', 0o755]]);
  });

  it("trusts the host's certificates before it fetches packages", () => {
    const { dockerfile, files } = render('l0', { hostCa: ['PEM 1\n', 'PEM 2\n'] });
    expect(dockerfile.indexOf('COPY host-ca/')).toBeLessThan(dockerfile.indexOf('packages.sh'));
    expect(dockerfile).toContain('NODE_EXTRA_CA_CERTS="/usr/local/share/slipway/host-ca.pem"');
    expect(files.filter(({ path }) => path.startsWith('host-ca/')).map(({ content }) => content)).toEqual(['PEM 1\n', 'PEM 2\n']);
  });
});

describe('L1', () => {
  it('installs each agent in a line of its own, so that one more reuses those before it', () => {
    const [claude, codex] = sampleInputs.agents.map((agent) => ({ ...agent, node: undefined }));
    const one = render('l1-cli', { agents: claude ? [claude] : [] }).dockerfile.replace(/WORKDIR.*\n$/, '');
    expect(render('l1-cli', { agents: claude && codex ? [claude, codex] : [] }).dockerfile.startsWith(one)).toBe(true);
    expect(render('l1-cli').dockerfile).toContain('RUN npm install -g codex-cli \\\n && rm -rf /tmp/slipway-npm /root/.npm /root/.cache\n');
  });

  it('asks for the newest Node.js that one of its agents needs', () => {
    expect(render('l1-cli').dockerfile).toContain('node.sh", "20", "22"]');
  });

  it('hands a line with line breaks over as an argument', () => {
    const { dockerfile } = render('l1-cli', { agents: [{ name: 'own', node: undefined, install: ['if true; then\n  echo "yes"\nfi'] }] });
    expect(dockerfile).toContain('RUN ["/bin/sh", "-euc", "if true; then\\n  echo \\"yes\\"\\nfi\\nrm -rf');
  });

  it('makes everything after it anew for a new stamp', () => {
    const { dockerfile } = render('l1-cli', {}, '20261121t031500');
    expect(dockerfile.indexOf('ARG SLIPWAY_REFRESH=20261121t031500')).toBeLessThan(dockerfile.indexOf('RUN '));
  });
});

describe('L2', () => {
  it("is the project's part: environment, repository, branch, its own lines, and what starts a container", () => {
    expect(render('l2-cli').dockerfile).toBe(
      [
        'ARG SLIPWAY_PARENT',
        'FROM ${SLIPWAY_PARENT}',
        'USER root',
        'ENV GREETING="hello" \\',
        '    CODE_REPO="https://example.org/demo.git" \\',
        '    GIT_BRANCH="main"',
        "# the project's own lines",
        'RUN echo snippet',
        'USER root',
        'COPY container/ /usr/local/lib/slipway/',
        'WORKDIR /workspace',
        '',
      ].join('\n'),
    );
  });

  it('gets a new entry script without building the layers below it anew', () => {
    const changed = { entry: [{ path: 'entry.sh', mode: 0o755, content: '#!/bin/sh\nexec true\n' }] };
    for (const layer of ['l0', 'l1-cli'] as const) expect(render(layer, changed)).toEqual(render(layer));
    expect(render('l2-cli', changed).parts).not.toEqual(render('l2-cli').parts);
  });

  it('is the same on L0', () => {
    expect(render('l2-dev')).toEqual(render('l2-cli'));
  });

  it('leaves out what the project does not say', () => {
    expect(render('l2-cli', { env: {}, repository: undefined, branch: undefined, snippet: '' }).dockerfile).toBe(
      'ARG SLIPWAY_PARENT\nFROM ${SLIPWAY_PARENT}\nUSER root\nUSER root\nCOPY container/ /usr/local/lib/slipway/\nWORKDIR /workspace\n',
    );
  });

  it('keeps quotes, dollars and backslashes of a value', () => {
    expect(render('l2-cli', { env: { ODD: 'a "b" $HOME \\ c' } }).dockerfile).toContain('ENV ODD="a \\"b\\" \\$HOME \\\\ c"');
  });

  it("bakes no password of the repository's address", () => {
    const { dockerfile, parts } = render('l2-cli', { repository: 'https://me:secret@example.org/demo.git' });
    expect(dockerfile).toContain('CODE_REPO="https://example.org/demo.git"');
    expect(dockerfile).not.toContain('secret');
    expect(parts).toEqual(render('l2-cli').parts);
  });

  it.each([
    ['a name that is none', { 'A B': '1' }],
    ['a line break in a value', { A: 'x\nRUN evil' }],
  ])('refuses %s in env', (_, env) => {
    expect(() => render('l2-cli', { env })).toThrow(expect.objectContaining({ code: 'E_BAD_ENV' }));
  });

  it('refuses a FROM in the snippet, which would leave the agents behind', () => {
    expect(() => render('l2-cli', { snippet: 'RUN true\n  from alpine' })).toThrow(expect.objectContaining({ code: 'E_BAD_SNIPPET' }));
  });
});
