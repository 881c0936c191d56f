import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ratio } from './measure/statistics.mjs';

/**
 * @typedef {import('./target.mjs').Times} Times
 * @typedef {import('./target.mjs').Target} Target
 * @typedef {{ name: string, engine: string, times: Times, target?: Target }} Result
 */

/** What the figures depend on. @param {readonly import('./engines.mjs').BenchEngine[]} engines */
export function describeMachine(engines) {
  return {
    at: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${osName()}, Linux ${release()}`,
    node: process.version,
    engines: Object.fromEntries(engines.map(({ name, version }) => [name, version])),
    load: loadavg().map((value) => Math.round(value * 10) / 10),
  };
}

/** A Markdown table: medians, how each compares to Slipway, the target and whether it is met. @param {readonly Result[]} results */
export function formatTable(results) {
  const rows = results.map(({ name, engine, times, target }) => [name, engine, ms(times.slipway), others(times), target ? target.rule : '', verdict(target)]);
  const all = [['measured', 'engine', 'Slipway', 'beside it (how many times Slipway takes)', 'target', 'met'], ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const lines = all.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  lines.splice(1, 0, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  return lines.join('\n');
}

/** @param {Times} times */
function others(times) {
  const { slipway, ...rest } = times;
  return Object.entries(rest)
    .map(([name, summary]) => `${name} ${ms(summary)}${slipway ? ` (${ratio(slipway, summary)})` : ''}`)
    .join(', ');
}

/** @param {Target | undefined} target */
function verdict(target) {
  if (target === undefined) return '';
  return `${target.met ? 'yes' : 'no'}: ${target.actual}${target.unit === 'ms' ? ` of ${target.limit} ms` : ' ×'}`;
}

/** @param {import('./measure/statistics.mjs').Summary | undefined} summary */
function ms(summary) {
  return summary === undefined ? '' : `${summary.median} ms`;
}

/** Writes everything as JSON and gives the file's path. @param {unknown} value */
export function writeResults(value) {
  const folder = fileURLToPath(new URL('./results', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.json`);
  writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`);
  return file;
}

function osName() {
  return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown';
}
