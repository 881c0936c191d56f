import { BuildLogReader } from '../../runs/executors/build-log.ts';
import type { RunEvent, RunRef } from '../../runs/model.ts';
import type { Paths } from '../../state/paths.ts';
import type { RunPrinter } from './run-printer.ts';

const pollMs = 200;

/** Prints what an engine says while it builds or pulls a run's image. */
export class BuildPrinter {
  private readonly printer: RunPrinter;
  private readonly log: BuildLogReader;
  private timer: NodeJS.Timeout | undefined;
  private printing = Promise.resolve();

  constructor(printer: RunPrinter, paths: Paths, ref: RunRef) {
    this.printer = printer;
    this.log = new BuildLogReader(paths, ref);
  }

  /** Before the event itself is printed: what was said until then stands above it. */
  async event(event: RunEvent): Promise<void> {
    if (event.event === 'phase' && event.phase === 'image') this.timer = setInterval(() => this.print(), pollMs);
    else if (event.event === 'phase' || event.event === 'end') await this.stop();
  }

  async stop(): Promise<void> {
    if (this.timer === undefined) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.print();
    await this.printing;
  }

  private print(): void {
    this.printing = this.printing.then(async () => {
      for (let bytes = await this.log.next(); bytes.length > 0; bytes = await this.log.next()) await this.printer.output(bytes);
    });
    // The run goes on without it.
    this.printing = this.printing.catch(() => {});
  }
}
