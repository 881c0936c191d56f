import { hardening } from '../containers/hardening.ts';
import { ownLabels } from '../containers/labels.ts';
import type { Labels } from '../engine/model.ts';
import { type ExitCode, SlipwayError } from '../errors.ts';
import { runInTerminal } from '../host/process.ts';
import { newOperationId } from '../operations/change.ts';
import type { App } from '../operations/model.ts';
import { resolveProject } from '../projects/resolve.ts';
import { buildProject } from './build.ts';
import { observeProjectImages, topImage } from './observe.ts';

/**
 * Opens a throw-away container of L2-dev, built first where it is missing or stale, and gives the command's exit code.
 * The engine's own program holds the terminal and removes the container at the end, also where this process is killed.
 */
export async function openShell(app: App, project: string, command: readonly string[], tty: boolean): Promise<ExitCode> {
  await buildProject(app, project, { top: 'dev' });
  const [resolved, engine, install] = await Promise.all([resolveProject(app.paths, project), app.engine(), app.installId()]);
  const image = topImage(await observeProjectImages(app, resolved, { dev: true }), 'l2-dev');
  if (image === undefined)
    throw new SlipwayError('E_NO_IMAGE', `Project ${project} has no image for a shell.`, { hint: `Run \`slipway build ${project} --dev\`.` });
  const program = engine.program();
  const labels = ownLabels(install, newOperationId(app.clock.now()), 'shell', { project });
  const argv = [
    ...program.argv,
    ...shellArguments({ image: image.id, project, labels, strict: resolved.hardening === 'strict', network: resolved.network, command, tty }),
  ];
  const end = await runInTerminal(argv, { env: { ...program.env, ...(app.env.TERM ? { TERM: app.env.TERM } : {}) } });
  return end.exitCode ?? 125;
}

export interface ShellRun {
  readonly image: string;
  readonly project: string;
  readonly labels: Labels;
  readonly strict: boolean;
  readonly network: string | undefined;
  /** Empty: a login shell. */
  readonly command: readonly string[];
  readonly tty: boolean;
}

/** Pure: what the engine's program is told. */
export function shellArguments({ image, project, labels, strict, network, command, tty }: ShellRun): readonly string[] {
  const { capDrop = [], capAdd = [], securityOpt = [] } = hardening(strict ? 'strict' : 'standard');
  const [entrypoint = 'bash', ...rest] = command.length === 0 ? ['bash', '-l'] : command;
  return [
    'run',
    '--rm',
    '--interactive',
    ...(tty ? ['--tty'] : []),
    '--init',
    ...Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    ...capDrop.flatMap((name) => ['--cap-drop', name]),
    ...capAdd.flatMap((name) => ['--cap-add', name]),
    ...securityOpt.flatMap((option) => ['--security-opt', option]),
    ...(network === undefined ? [] : ['--network', network]),
    '--hostname',
    `${project}-dev`.slice(0, 63),
    '--user',
    'dev',
    '--workdir',
    '/workspace',
    '--entrypoint',
    entrypoint,
    image,
    ...rest,
  ];
}
