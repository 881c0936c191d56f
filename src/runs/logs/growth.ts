import { type FSWatcher, watch } from 'node:fs';

const pollMs = 200;
/** From one look to the next: where changes come by the hundred, a look at each would take its time from what makes them. */
const restMs = 20;

/** Wakes who waits for changes in folders, and every 200 ms besides: not every file system tells of changes, and watches can run out. */
export class Growth {
  private readonly watchers = new Map<string, FSWatcher>();
  private changed = false;
  private lookedAt = 0;
  private wake: (() => void) | undefined;

  /** Looks at a folder, too. One that is not there yet is found by the poll. */
  watch(folder: string): void {
    if (this.watchers.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, () => this.notify());
      watcher.on('error', () => {
        watcher.close();
        this.watchers.delete(folder);
      });
      this.watchers.set(folder, watcher);
    } catch {
      // The poll remains.
    }
  }

  notify(): void {
    this.changed = true;
    this.wake?.();
  }

  /** Until something has changed since the last call, at most `pollMs`. What changes after a pause is told at once. */
  async next(signal?: AbortSignal): Promise<void> {
    const rest = this.lookedAt + restMs - performance.now();
    if (rest > 0) await this.pause(rest, signal, false);
    if (!this.changed) await this.pause(pollMs, signal, true);
    this.changed = false;
    this.lookedAt = performance.now();
  }

  close(): void {
    for (const watcher of this.watchers.values()) watcher.close();
    this.watchers.clear();
  }

  private async pause(ms: number, signal: AbortSignal | undefined, isWoken: boolean): Promise<void> {
    if (signal?.aborted) return;
    let end = () => {};
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      end = () => {
        clearTimeout(timer);
        resolve();
      };
      if (isWoken) this.wake = end;
      signal?.addEventListener('abort', end, { once: true });
    });
    signal?.removeEventListener('abort', end);
    this.wake = undefined;
  }
}
