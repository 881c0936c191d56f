import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { templatesDir } from '../../agents/templates.ts';
import { joinInstructions } from '../../images/dockerfile.ts';
import type { ContextFile, RenderedLayer } from '../../images/model.ts';
import { hostCaEnv } from '../../images/render.ts';
import { readSetupScripts } from '../../images/templates.ts';

/** Of `templates/dockerfiles/`: what layers are set up with, too. */
const shared = ['packages.sh', 'host-ca.sh', 'node.sh'];
const own = ['install.sh', 'healthy.sh'];
const marker = /^# host-ca: .*$/m;

/** Renders the image of a service template. Pure but for reading the package's own files. */
export function renderServiceImage(template: string, hostCa: readonly string[]): Pick<RenderedLayer, 'dockerfile' | 'files'> {
  const directory = join(templatesDir(), 'services', template);
  const scripts = readSetupScripts();
  const trusted = hostCa.length > 0;
  const text = readFileSync(join(directory, 'Dockerfile'), 'utf8');
  return {
    dockerfile: joinInstructions(text.trimEnd().replace(marker, trusted ? 'COPY host-ca/ /usr/local/share/slipway/host-ca/' : ''), trusted ? hostCaEnv : ''),
    files: [
      ...shared.map((name) => script(name, scripts[name] ?? '')),
      ...own.map((name) => script(name, readFileSync(join(directory, name), 'utf8'))),
      ...hostCa.map((content, index): ContextFile => ({ path: `host-ca/slipway-host-${index + 1}.crt`, mode: 0o644, content })),
    ],
  };
}

function script(name: string, content: string): ContextFile {
  return { path: `setup/${name}`, mode: 0o755, content };
}
