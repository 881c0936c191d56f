import type { Readable } from 'node:stream';
import type { AnswerHeaders } from './answer-parser.ts';

interface Asked {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** What is being asked, for error messages: `create container demo-cli-1`. */
  readonly action: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Its answer is wanted whole. */
export interface Question extends Asked {
  readonly body?: string;
  /** Until the answer's end; of an upgrade, until its head. */
  readonly timeoutMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly text: string;
}

/** What is sent or what comes back is a stream. */
export interface StreamRequest extends Asked {
  readonly body?: string | Readable;
  /** Until the answer's head has come, or with `whole` its end. */
  readonly timeoutMs?: number;
  readonly whole?: boolean;
}
