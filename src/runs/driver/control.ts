import { setMaxListeners } from 'node:events';
import type { Clock } from '../../operations/model.ts';
import type { Outcome, RunPhase, RunRef } from '../model.ts';
import { type EndRequest, readEndRequest } from '../requests.ts';
import type { Paths } from '../../state/paths.ts';

const pollMs = 200;
/** What jobs that always run get, where the run itself is over its time or cancelled. */
const lastJobsMs = 600_000;

/** Everything that may end a run before its jobs have, and what it means for those. */
export class Control {
  /** Aborted: nothing begins but jobs that always run; the others are ended. */
  readonly cancelled: AbortSignal;
  /** Aborted: everything is ended. */
  readonly stopped: AbortSignal;
  request: EndRequest | undefined;
  timedOutSeconds: number | undefined;
  executor: Outcome | undefined;
  fault: { readonly error: unknown; readonly phase: RunPhase } | undefined;

  /** Until the run has a place. */
  isQueued = true;

  private readonly cancelling = new AbortController();
  private readonly stopping = new AbortController();
  private readonly paths: Paths;
  private readonly ref: RunRef;
  private readonly clock: Clock;
  private readonly timers = new Set<NodeJS.Timeout>();
  private isClosed = false;

  constructor(paths: Paths, ref: RunRef, clock: Clock) {
    this.paths = paths;
    this.ref = ref;
    this.clock = clock;
    this.cancelled = this.cancelling.signal;
    this.stopped = this.stopping.signal;
    // Each job listens.
    setMaxListeners(0, this.cancelled, this.stopped);
  }

  /** Looks for requests until `close`. `terminated`: this process was told to end. */
  watch(terminated: AbortSignal): void {
    const timer = setInterval(() => void this.look(), pollMs);
    this.timers.add(timer);
    const onTerm = () => this.accept({ kind: 'cancelled', at: this.clock.now().toISOString(), by: 'its driver was told to end' });
    if (terminated.aborted) onTerm();
    else terminated.addEventListener('abort', onTerm, { once: true });
  }

  /** The run's own limit, from when it began. */
  limit(startedAt: Date, seconds: number): void {
    const left = startedAt.getTime() + seconds * 1000 - this.clock.now().getTime();
    this.after(Math.max(0, left), () => {
      if (this.request !== undefined) return;
      this.timedOutSeconds = seconds;
      this.cancel();
    });
  }

  fail(error: unknown, phase: RunPhase): void {
    // What an abort makes fail is not what ended the run.
    if (this.cancelled.aborted && isAbort(error)) return;
    this.fault ??= { error, phase };
    this.stop();
  }

  executorEnded(outcome: Outcome): void {
    if (this.isClosed) return;
    this.executor ??= outcome;
    this.stop();
  }

  /** Sees a request that is there already. */
  async look(): Promise<void> {
    const request = await readEndRequest(this.paths, this.ref).catch(() => undefined);
    if (request !== undefined) this.accept(request);
  }

  /** All jobs have ended: what comes now comes too late. */
  close(): void {
    this.isClosed = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private accept(request: EndRequest): void {
    if (this.isClosed) return;
    if (request.again && this.request !== undefined) this.stop();
    if (this.request !== undefined) return;
    // A run that has begun is not replaced.
    if (request.kind === 'superseded' && !this.isQueued) return;
    if (this.timedOutSeconds === undefined) this.request = request;
    this.cancel();
    if (request.again) this.stop();
  }

  private cancel(): void {
    if (this.cancelled.aborted) return;
    this.cancelling.abort();
    this.after(lastJobsMs, () => this.stop());
  }

  private stop(): void {
    this.cancelling.abort();
    this.stopping.abort();
  }

  private after(ms: number, act: () => void): void {
    if (this.isClosed) return;
    // Longer ones overflow, and end at once.
    this.timers.add(setTimeout(act, Math.min(ms, 2 ** 31 - 1)));
  }
}

export function isAbort(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'AbortError' || ('code' in error && (error.code === 'E_CANCELLED' || error.code === 'ABORT_ERR'));
}
