import { type FSWatcher, watch } from 'node:fs';

const pollMs = 200;

/** Wakes who waits for changes in folders, and every 200 ms besides: not every file system tells of changes, and watches can run out. */
export class Growth {
  private readonly watchers = new Map<string, FSWatcher>();
  private changed = false;
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

  /** Until something has changed since the last call, at most `pollMs`. */
  async next(signal?: AbortSignal): Promise<void> {
    if (!this.changed && signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pollMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
        signal?.addEventListener('abort', this.wake, { once: true });
      });
      if (this.wake) signal?.removeEventListener('abort', this.wake);
      this.wake = undefined;
    }
    this.changed = false;
  }

  close(): void {
    for (const watcher of this.watchers.values()) watcher.close();
    this.watchers.clear();
  }
}
