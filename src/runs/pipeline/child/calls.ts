import type { Json } from '../../../operations/model.ts';
import type { Answer, Said, ShCall } from '../protocol.ts';

/** Questions to the process that started this one, each answered in its own time. */
export interface Calls {
  sh(call: ShCall): Promise<Json>;
  secret(name: string): Promise<Json>;
  settle(answer: Answer): void;
  /** Once nothing is waited for any more. */
  idle(): Promise<void>;
}

interface Waiting {
  readonly resolve: (value: Json) => void;
  readonly reject: (error: Error) => void;
}

export function openCalls(say: (message: Said) => void): Calls {
  const waiting = new Map<number, Waiting>();
  let count = 0;
  let onIdle: (() => void) | undefined;
  const ask = (message: (call: number) => Said) =>
    new Promise<Json>((resolve, reject) => {
      count += 1;
      waiting.set(count, { resolve, reject });
      say(message(count));
    });
  return {
    sh: (sh) => ask((call) => ({ say: 'call', call, sh })),
    secret: (secret) => ask((call) => ({ say: 'call', call, secret })),
    settle(answer) {
      const one = waiting.get(answer.answer);
      waiting.delete(answer.answer);
      if ('error' in answer) one?.reject(new Error(answer.error));
      else one?.resolve(answer.value);
      if (waiting.size === 0) onIdle?.();
    },
    idle: () =>
      new Promise((resolve) => {
        // What is answered last may ask again at once.
        const look = () => setImmediate(() => (waiting.size === 0 ? resolve() : undefined));
        onIdle = look;
        look();
      }),
  };
}
