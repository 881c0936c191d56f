import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ProcessLog, processLogFiles } from './log.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slipway-log-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const paths = () => ({ config: root, state: root, cache: root });
const folder = () => join(root, 'instances', 'one', 'logs');
const now = () => new Date('2026-11-21T11:00:00.000Z');

function open(limit = 1000): ProcessLog {
  ProcessLog.open(paths(), 'one').close();
  return new ProcessLog(processLogFiles(paths(), 'one'), { limit, now });
}

it('a line has its time and stream in front, is written once it is whole, and keeps its bytes', () => {
  const log = open();
  log.write('stdout', Buffer.from('be'));
  log.write('stderr', Buffer.from('warn\n'));
  log.write('stdout', Buffer.from([0x67, 0xff, 0x0a, 0x0a]));
  log.write('stdout', Buffer.from('no end'));
  log.close();
  expect(readFileSync(join(folder(), 'output.log'), 'latin1').split('\n')).toEqual([
    '2026-11-21T11:00:00.000Z err warn',
    '2026-11-21T11:00:00.000Z out beg\u00ff',
    '2026-11-21T11:00:00.000Z out ',
    '2026-11-21T11:00:00.000Z out no end',
    '',
  ]);
  expect(statSync(join(folder(), 'output.log')).mode & 0o777).toBe(0o600);
});

it('a full file makes room: five files in all, the newest lines in the one without a number', () => {
  const log = open(100);
  for (let line = 1; line <= 20; line += 1) log.write('stdout', Buffer.from(`line ${line}\n`));
  log.close();
  expect(readdirSync(folder()).sort()).toEqual(['output.log', 'output.log.1', 'output.log.2', 'output.log.3', 'output.log.4']);
  const kept = processLogFiles(paths(), 'one').flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/line (\d+)/g)].map((match) => Number(match[1])));
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 21 - kept.length + index));
  for (const file of processLogFiles(paths(), 'one')) expect(statSync(file).size).toBeLessThanOrEqual(100);
});

it('goes on in the file of the program before, and a line without end is cut', () => {
  open(1_000_000).close();
  const first = open(1_000_000);
  first.write('stdout', Buffer.from('one\n'));
  first.close();
  const second = open(1_000_000);
  second.write('stdout', Buffer.alloc(70_000, 'x'));
  second.close();
  const lines = readFileSync(join(folder(), 'output.log'), 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => line.length - '2026-11-21T11:00:00.000Z out '.length)).toEqual([3, 65_536, 70_000 - 65_536]);
});

it('what cannot be written stops nobody', () => {
  const log = new ProcessLog([join(root, 'none', 'output.log')]);
  expect(() => {
    log.write('stdout', Buffer.from('lost\n'));
    log.close();
  }).not.toThrow();
});
