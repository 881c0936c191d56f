import type { Out } from '../operations/model.ts';
import type { Terminal } from './call.ts';

/** After this long a step is worth showing. */
const terminalDelayMs = 150;
const pipeDelayMs = 2_000;

/**
 * Everything but the result, on stderr. On a terminal the step at work stands on one line with its seconds, and is wiped when the
 * next comes; elsewhere only steps that take long leave a line.
 */
export function createOut(terminal: Terminal): Out & { end(): void } {
  // The stream is made when it is first asked for.
  const write = (text: string) => void terminal.stderr.write(text);
  const isTerminal = () => terminal.stderr.isTTY === true;
  let timer: NodeJS.Timeout | undefined;
  let shown = false;

  const wipe = () => {
    clearTimeout(timer);
    timer = undefined;
    if (shown && isTerminal()) write('\r\u001b[2K');
    shown = false;
  };
  const line = (text: string) => {
    wipe();
    write(`${text}\n`);
  };
  return {
    progress(text) {
      wipe();
      const since = Date.now();
      const show = () => {
        const seconds = Math.round((Date.now() - since) / 1000);
        if (isTerminal()) {
          write(`\r\u001b[2K${text} …${seconds > 1 ? ` ${seconds} s` : ''}`);
          shown = true;
          timer = setTimeout(show, 1000).unref();
        } else {
          write(`${text} …\n`);
        }
      };
      timer = setTimeout(show, isTerminal() ? terminalDelayMs : pipeDelayMs).unref();
    },
    note: line,
    warn: (text) => line(`warning: ${text}`),
    raw(text) {
      wipe();
      write(text);
    },
    end: wipe,
  };
}
