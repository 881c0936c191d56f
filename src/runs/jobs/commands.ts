import { SlipwayError } from '../../errors.ts';
import type { Stream } from '../model.ts';
import type { FunctionCallbacks } from '../pipeline/run-function.ts';
import type { Masker } from '../secrets/masker.ts';
import { markerOf, prepareLane, prepareStep, secretsOf } from './attempt.ts';
import type { Lane } from './channel.ts';
import { readComplaints } from './follow-lane.ts';
import { cutOutput } from './job-end.ts';
import type { JobRequest } from './model.ts';
import { recordRoom } from './records.ts';
import { type EndedStep, type StepTitle, SupervisedLane } from './supervised-lane.ts';
import { readBeginning, startSupervisor } from './supervisor.ts';

export interface CommandsOptions {
  readonly request: JobRequest;
  readonly masker: Masker;
  readonly startedAt: string;
  /** The number of the next log, which is also the command's in its lane. */
  takeNumber(): number;
  /** Its output cannot be kept, or it cannot be followed: the job ends. */
  onFailure(error: unknown): void;
}

interface Command {
  readonly title: StepTitle;
  readonly output: Readonly<Record<Stream, Buffer[]>>;
  bytes: number;
  settle(ended: EndedStep | undefined): void;
}

interface OpenLane {
  readonly lane: Lane;
  readonly supervised: SupervisedLane;
  readonly said: Promise<string>;
  readonly launched: Awaited<ReturnType<typeof startSupervisor>>;
  /** Commands that there is room for in its records. */
  room: number;
}

/** What a function is given of a command's output; more belongs into a file. */
const longestOutput = 32 * 1024 * 1024;
const roomPerLane = 32;

/** The commands of one function: each a step of a supervisor, which runs one at a time. There are as many as commands at a time. */
export class Commands {
  readonly ended: EndedStep[] = [];
  private readonly options: CommandsOptions;
  private readonly lanes: OpenLane[] = [];
  private readonly idle: OpenLane[] = [];
  private readonly opening = new Set<Promise<OpenLane>>();
  private readonly running = new Map<number, Command>();

  constructor(options: CommandsOptions) {
    this.options = options;
  }

  /** Throws where it did not end by itself, or wrote more than can be given back. */
  readonly run: FunctionCallbacks['sh'] = async (command, { cwd, env = {}, timeoutSeconds }) => {
    const { request, takeNumber } = this.options;
    const open = this.idle.pop() ?? (await this.another());
    const step = takeNumber();
    const wanted = { command, env, ...(cwd === undefined ? {} : { cwd }), ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) };
    prepareStep(request, open.lane, step, wanted);
    open.room -= 1;
    if (open.room === 0) {
      open.room = roomPerLane;
      open.lane.append('records', '\n'.repeat(roomPerLane * recordRoom.step));
    }
    const title = { name: titleOf(command), command };
    const ended = await new Promise<EndedStep | undefined>((settle) => {
      this.running.set(step, { title, output: { stdout: [], stderr: [] }, bytes: 0, settle });
      open.launched.stdin.write(`step ${step}\n`);
      open.supervised.ended.then(
        () => settle(undefined),
        () => settle(undefined),
      );
    });
    const { output, bytes } = this.running.get(step) ?? { output: { stdout: [], stderr: [] }, bytes: 0 };
    this.running.delete(step);
    if (ended === undefined) throw new Error(await this.whyNot(open, title));
    if (ended.isCut) await this.cut(open, ended);
    else this.idle.push(open);
    if (ended.end.reason === 'timeout') throw new Error(`\`${title.name}\` ran over ${ended.isLimit ? "the job's" : `its`} time limit`);
    if (ended.end.reason !== 'exited' || ended.end.exitCode === undefined) throw new Error(`\`${title.name}\` was ${ended.end.reason}`);
    if (bytes > longestOutput) throw new Error(`\`${title.name}\` wrote more than ${longestOutput / 1024 / 1024} MiB: send it to a file instead`);
    const text = (stream: Stream) => Buffer.concat(output[stream]).toString('utf8');
    return { exit: ended.end.exitCode, stdout: text('stdout'), stderr: text('stderr') };
  };

  /** Nothing more is run: what commands have left behind is ended. Gives whether every supervisor has told of its end. */
  async close(): Promise<boolean> {
    await Promise.allSettled(this.opening);
    for (const { launched } of this.lanes) launched.stdin.end();
    const ends = await Promise.allSettled(this.lanes.map(({ supervised }) => supervised.ended));
    for (const { lane } of this.lanes) lane.close();
    return ends.every((end) => end.status === 'fulfilled' && end.value.done !== undefined);
  }

  /** Ends what runs. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.opening);
    await Promise.all(
      this.lanes.map(({ launched, supervised }) => {
        launched.stdin.end();
        return supervised.stop();
      }),
    );
  }

  private async another(): Promise<OpenLane> {
    const opening = this.open();
    this.opening.add(opening);
    try {
      return await opening;
    } finally {
      this.opening.delete(opening);
    }
  }

  private async open(): Promise<OpenLane> {
    const { request, masker, startedAt, onFailure } = this.options;
    const { job, executor, graceSeconds, secrets, cancel } = request;
    const lane = prepareLane(request, roomPerLane);
    const left = job.timeoutSeconds === undefined ? undefined : Math.max(0.1, job.timeoutSeconds - (Date.now() - Date.parse(startedAt)) / 1000);
    const launched = await startSupervisor(
      executor,
      { marker: markerOf(request), graceSeconds, limitSeconds: left?.toFixed(1), lane: lane.inside, secrets: secretsOf(job, secrets) },
      cancel,
    );
    const said = readBeginning(launched);
    const supervised = new SupervisedLane({
      request,
      lane,
      marker: markerOf(request),
      masker,
      startedAt,
      launched,
      describe: (step) => ({
        log: step,
        title: this.running.get(step)?.title ?? { name: '', command: '' },
        onBytes: (stream, bytes) => this.keep(step, stream, bytes),
      }),
      onEnd: (step, ended) => {
        this.ended.push(ended);
        this.running.get(step)?.settle(ended);
      },
    });
    supervised.ended.catch(onFailure);
    const open: OpenLane = { lane, supervised, launched, said, room: roomPerLane };
    this.lanes.push(open);
    return open;
  }

  private keep(step: number, stream: Stream, bytes: Buffer): void {
    const command = this.running.get(step);
    if (command === undefined) return;
    command.bytes += bytes.length;
    // What is too much is not given at all.
    if (command.bytes <= longestOutput) command.output[stream].push(bytes);
  }

  private async whyNot({ supervised, said }: OpenLane, { name }: StepTitle): Promise<string> {
    const isSilent = await supervised.ended.then(
      (end) => end.isSilent && end.done === undefined,
      () => false,
    );
    return isSilent ? `the supervisor of \`${name}\` could not start: ${await said}` : `\`${name}\` did not end by itself`;
  }

  private async cut({ lane }: OpenLane, ended: EndedStep): Promise<void> {
    const why = cutOutput([ended], readComplaints(lane));
    if (why instanceof SlipwayError) this.options.onFailure(why);
    else throw new Error(why.message);
  }
}

function titleOf(command: string | readonly string[]): string {
  const text = typeof command === 'string' ? command : command.join(' ');
  const line = text.split(/[\r\n]/).find((candidate) => /\S/.test(candidate)) ?? '';
  return [...line.replace(/\p{Cc}/gu, ' ').trim()].slice(0, 120).join('');
}
