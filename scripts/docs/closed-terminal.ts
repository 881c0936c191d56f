import { Readable, Writable } from 'node:stream';
import type { Terminal } from '../../src/cli/call.ts';

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });

/** For a program that is looked at, not run. */
export const closedTerminal: Terminal = { stdin: Readable.from([]), stdout: nowhere(), stderr: nowhere(), isTerminal: false, print() {} };
