import { access, constants, statfs } from 'node:fs/promises';
import { SlipwayError } from '../errors.ts';
import { permissionLine, startLine } from './advice.ts';
import { connect } from './connect.ts';
import { type Candidate, type DetectOptions, type Detection, detectEngine, listCandidates } from './detect.ts';
import { engineFindings, lowDisk } from './doctor-engine.ts';
import { machineFindings } from './doctor-machine.ts';
import type { Finding, Probes } from './finding.ts';
import { thisMachine } from './machine.ts';
import type { EngineInfo } from './model.ts';

export interface EngineDiagnosis extends Candidate {
  readonly info: EngineInfo | undefined;
  readonly findings: readonly Finding[];
}

export interface Diagnosis {
  /** `undefined` where no engine can be used: `problem` says why. */
  readonly chosen: (Detection['chosen'] & { readonly why: string }) | undefined;
  readonly problem: { readonly code: string; readonly message: string; readonly hint: string } | undefined;
  readonly engines: readonly EngineDiagnosis[];
  readonly machine: readonly Finding[];
}

export interface DoctorOptions extends DetectOptions {
  /** Whose disk is looked at. */
  readonly stateDirectory: string;
  /** Host names. Default: Docker's. */
  readonly registries?: readonly string[];
  readonly probes?: Partial<Probes>;
}

/** Which engines there are, which one is used and why, and what is wrong with each and with the machine. Throws nothing: what cannot be found out is a finding. */
export async function diagnose(options: DoctorOptions): Promise<Diagnosis> {
  const machine = options.machine ?? thisMachine(options.env, options.home);
  const probes: Probes = { ...realProbes(options), ...options.probes };
  const [choice, candidates] = await Promise.all([choose(options), listCandidates(options)]);
  const places = withChosen(candidates, choice.detection);
  const engines = await Promise.all(places.map((candidate) => examine(candidate, { ...options, machine }, probes)));
  const infos = engines.flatMap(({ info }) => (info === undefined ? [] : [info]));
  const [machineWide, disk, registries] = await Promise.all([
    machineFindings(machine, probes, infos),
    lowDisk(probes, options.stateDirectory, "Slipway's own files"),
    Promise.all((options.registries ?? ['registry-1.docker.io']).map((registry) => registryFinding(probes, registry))),
  ]);
  return {
    chosen: choice.detection === undefined ? undefined : { ...choice.detection.chosen, why: choice.detection.why },
    problem: choice.problem,
    engines,
    machine: [...machineWide, ...disk, ...registries],
  };
}

async function choose(options: DoctorOptions): Promise<{ readonly detection: Detection | undefined; readonly problem: Diagnosis['problem'] }> {
  try {
    return { detection: await detectEngine(options), problem: undefined };
  } catch (error) {
    const problem =
      error instanceof SlipwayError
        ? { code: error.code, message: error.message, hint: error.hint ?? '' }
        : { code: 'E_ENGINE', message: error instanceof Error ? error.message : String(error), hint: '' };
    return { detection: undefined, problem };
  }
}

/** An engine that was asked for by address, or started on demand, stands at no known place. */
function withChosen(candidates: readonly Candidate[], detection: Detection | undefined): readonly Candidate[] {
  const chosen = detection?.candidates.at(-1);
  if (chosen === undefined || candidates.some(({ endpoint, state }) => endpoint === chosen.endpoint && state === 'answers')) return candidates;
  return [chosen, ...candidates.filter(({ endpoint }) => endpoint !== chosen.endpoint)];
}

async function examine(
  candidate: Candidate,
  options: DoctorOptions & { readonly machine: ReturnType<typeof thisMachine> },
  probes: Probes,
): Promise<EngineDiagnosis> {
  const found = (info: EngineInfo | undefined, findings: readonly Finding[]): EngineDiagnosis => ({ ...candidate, info, findings });
  const { kind, endpoint, reason } = candidate;
  switch (candidate.state) {
    case 'absent':
    case 'not-asked':
      return found(undefined, []);
    case 'not-running':
      return found(undefined, [
        { level: 'warn', code: 'not-running', message: `${kind} does not run: nobody listens at ${endpoint}`, hint: await startLine(options.machine, kind) },
      ]);
    case 'no-permission':
      return found(undefined, [
        { level: 'warn', code: 'no-permission', message: `you may not use ${kind} at ${endpoint}`, hint: permissionLine(options.machine, kind) },
      ]);
    case 'silent':
    case 'failed':
      return found(undefined, [{ level: 'warn', code: candidate.state, message: reason, hint: `Restart it: ${await startLine(options.machine, kind)}` }]);
    case 'answers':
      break;
  }
  try {
    const info = await probes.describe(candidate);
    return found(info, await engineFindings(info, options.machine, probes));
  } catch (error) {
    return found(undefined, [{ level: 'error', code: 'failed', message: error instanceof Error ? error.message : String(error), hint: '' }]);
  }
}

async function registryFinding(probes: Probes, registry: string): Promise<Finding> {
  if (await probes.reaches(`https://${registry}/v2/`)) return { level: 'ok', code: 'registry', message: `the registry ${registry} answers`, hint: '' };
  return {
    level: 'info',
    code: 'registry-unreachable',
    message: `the registry ${registry} cannot be reached: images cannot be pulled`,
    hint: 'Import a base image from an archive with "slipway image import", or set base.bootstrap in project.yml.',
  };
}

function realProbes(options: DoctorOptions): Probes {
  return {
    async freeBytes(path) {
      const stat = await statfs(path).catch(() => undefined);
      return stat === undefined ? undefined : stat.bavail * stat.bsize;
    },
    device: (path) =>
      access(path, constants.R_OK | constants.W_OK).then(
        () => 'ok',
        (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? 'missing' : 'denied'),
      ),
    reaches: (url) =>
      fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(2000) }).then(
        () => true,
        () => false,
      ),
    async describe({ kind, endpoint }) {
      const engine = connect({ kind, endpoint }, options);
      try {
        return await engine.info({ timeoutMs: 10_000 });
      } finally {
        engine.close();
      }
    },
  };
}
