import { lab } from '../lab.ts';
import { type Sandbox, shellAgent } from '../sandbox.ts';

/** A project with a small repository, the shell as its agent, and built images. */
export async function makeProject(box: Sandbox, id: string, settings = ''): Promise<string> {
  const repository = await box.repository(`repos/${id}`, { 'README.md': `# ${id}\n` });
  box.write('config/agents/shell.yml', shellAgent);
  box.write(
    `config/projects/${id}/project.yml`,
    [
      `id: ${id}`,
      `repository: ${repository}`,
      'branch: main',
      `base: ${lab.images.debian}`,
      'agents: [shell]',
      'default_agent: shell',
      'shutdown_timeout: 3',
      'build:',
      '  network: none',
      settings,
      '',
    ].join('\n'),
  );
  await box.ok(['build', id], { timeoutMs: 600_000 });
  return repository;
}
