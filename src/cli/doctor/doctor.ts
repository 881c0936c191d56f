import { readSavedEngine } from '../../app/engines.ts';
import { readOrCreateInstall, rebindInstall } from '../../app/install.ts';
import { type Diagnosis, diagnose } from '../../engine/doctor.ts';
import type { Finding } from '../../engine/finding.ts';
import type { EngineInfo } from '../../engine/model.ts';
import { type ExitCode, SlipwayError, usageError } from '../../errors.ts';
import { processes } from '../../host/process.ts';
import { readConfig } from '../../projects/store.ts';
import { type Call, printResult } from '../call.ts';

export interface DoctorFlags {
  readonly adopt?: true | undefined;
  readonly newInstall?: true | undefined;
}

/** Exit code 1 where something will not work. */
export async function doctor(call: Call, flags: DoctorFlags): Promise<ExitCode> {
  const { app } = call;
  if (flags.adopt && flags.newInstall) throw usageError('--adopt and --new-install exclude each other.');
  if (flags.adopt || flags.newInstall) {
    const { id } = await rebindInstall(app.paths, app.person, flags.adopt ? 'adopt' : 'new');
    app.out.note(flags.adopt ? "The state in this folder is this machine's now." : `This folder has a new install id (${id}).`);
  }
  const files: Finding[] = [];
  const configured = await readConfig(app.paths).catch((error: unknown) => report(files, error));
  await readOrCreateInstall(app.paths, app.person).catch((error: unknown) => report(files, error));
  const saved = await readSavedEngine(app.paths).catch((error: unknown) => report(files, error));
  const wanted = call.engine ?? (app.env.SLIPWAY_ENGINE || undefined) ?? configured?.engine ?? saved?.endpoint;
  const diagnosis = await diagnose({ wanted, env: app.env, home: app.env.HOME || app.person.home, programs: processes, stateDirectory: app.paths.state });
  const whole: Diagnosis = { ...diagnosis, machine: [...files, ...diagnosis.machine] };
  printResult(call, doctorJson(whole), textOf(whole, saved !== undefined && wanted === saved.endpoint));
  return isWell(whole) ? 0 : 1;
}

/** What doctor looks at may itself be broken: that is a finding. */
function report(findings: Finding[], error: unknown): undefined {
  if (!(error instanceof SlipwayError)) throw error;
  findings.push({ level: 'error', code: error.code, message: error.message, hint: error.hint ?? '' });
}

/** Trouble of an engine that is not used is told, and is no failure. */
function isWell({ chosen, engines, machine }: Diagnosis): boolean {
  const used = engines.filter(({ endpoint }) => endpoint === chosen?.endpoint).flatMap(({ findings }) => findings);
  return chosen !== undefined && [...used, ...machine].every(({ level }) => level !== 'error');
}

function doctorJson({ chosen, problem, engines, machine }: Diagnosis): unknown {
  return {
    chosen: chosen ?? null,
    problem: problem ?? null,
    engines: engines.map(({ kind, source, endpoint, state, reason, info, findings }) => ({
      kind,
      source,
      endpoint,
      state,
      reason,
      info: info === undefined ? null : infoJson(info),
      findings,
    })),
    machine,
  };
}

function infoJson({ apiVersion, cgroupVersion, cgroupDriver, storageDriver, storageRoot, runRoot, memoryBytes, ociRuntime, ...info }: EngineInfo): unknown {
  return {
    ...info,
    api_version: apiVersion,
    cgroup_version: cgroupVersion,
    cgroup_driver: cgroupDriver,
    storage_driver: storageDriver,
    storage_root: storageRoot,
    run_root: runRoot || null,
    memory_bytes: memoryBytes,
    oci_runtime: ociRuntime,
  };
}

function textOf({ chosen, problem, engines, machine }: Diagnosis, isSaved: boolean): string {
  const why = isSaved ? 'an earlier command chose it' : chosen?.why;
  const used = chosen
    ? `Used: ${chosen.kind} at ${chosen.endpoint} (${why}).`
    : `No engine can be used: ${problem?.message ?? 'none was found'}\n  ${problem?.hint ?? ''}`;
  const seen = engines
    .filter(({ state }) => state !== 'absent')
    .flatMap(({ kind, endpoint, state, info, findings }) => [
      `${kind} at ${endpoint}: ${state === 'answers' ? `${info?.version ?? 'answers'}${info?.rootless ? ', rootless' : ''}` : state}`,
      ...findings.flatMap(lineOf),
    ]);
  return [used, '', ...seen, 'This machine:', ...machine.flatMap(lineOf)].join('\n');
}

const marks: Readonly<Record<Finding['level'], string>> = { ok: 'ok   ', info: 'info ', warn: 'warn ', error: 'ERROR' };

function lineOf({ level, message, hint }: Finding): readonly string[] {
  return [`  ${marks[level]} ${message}`, ...(hint === '' ? [] : [`        ${hint}`])];
}
