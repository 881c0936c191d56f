import { request } from 'node:http';
import type { Verdict } from './verdict.ts';

export interface HttpQuestion {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** 2xx and 3xx are well; a redirect is an answer, and is not followed. An engine's port proxy accepts before the service does: only an answer counts. */
export function askHttp({ host, port, path, timeoutMs, signal }: HttpQuestion): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const limit = AbortSignal.timeout(timeoutMs);
    const asked = request({ host, port, path, agent: false, signal: AbortSignal.any([signal, limit]), headers: { 'User-Agent': 'slipway' } });
    asked.on('response', (response) => {
      const status = response.statusCode ?? 0;
      // Its body may never end.
      response.on('error', () => {}).destroy();
      resolve(status >= 200 && status < 400 ? { well: true } : { well: false, why: `${path} answered ${status}` });
    });
    asked.on('error', (error) => {
      if (signal.aborted) reject(signal.reason as Error);
      else if (limit.aborted) resolve({ well: false, why: `${path} did not answer within ${timeoutMs / 1000} s` });
      else resolve({ well: false, why: `${path} did not answer (${reason(error)})` });
    });
    asked.end();
  });
}

function reason(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
