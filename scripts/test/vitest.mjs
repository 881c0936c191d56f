import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { runChild } from '../setup/child.mjs';
import { root } from '../setup/packages.mjs';

/**
 * @typedef {{ passed: number, failed: number, remark?: string, bad?: readonly string[], shaky?: readonly string[] }} Count `bad`: the tests that did not
 *   pass; `shaky`: those that did at their second try, with what was wrong at the first
 * @typedef {{ status: string, fullName?: string, failureMessages?: readonly string[] }} TestResult
 * @typedef {{ name?: string, status: string, assertionResults: readonly TestResult[] }} FileResult
 */

/**
 * Runs projects of vitest.config.ts and counts their tests. A test that did not run counts as failed:
 * its hook failed, or somebody skipped it.
 * @param {readonly string[]} projects
 * @param {{ env: NodeJS.ProcessEnv, signal: AbortSignal, timeoutMs: number }} options
 * @returns {Promise<Count>}
 */
export async function runVitest(projects, options) {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-test-'));
  const report = join(folder, 'report.json');
  try {
    const argv = [
      process.execPath,
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      ...projects.flatMap((project) => ['--project', project]),
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ];
    const { code, timedOut } = await runChild(argv, { cwd: root, ...options });
    if (timedOut) return { passed: 0, failed: 1, remark: `ended after ${options.timeoutMs / 60_000} minutes` };
    if (!existsSync(report)) return { passed: 0, failed: 1, remark: `vitest ended with ${code} and no report` };
    return count(JSON.parse(readFileSync(report, 'utf8')).testResults, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {readonly FileResult[]} files @param {number} code @returns {Count} */
export function count(files, code) {
  const statuses = files.flatMap(({ assertionResults }) => assertionResults.map(({ status }) => status));
  const passed = statuses.filter((status) => status === 'passed').length;
  const broken = files.filter(({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status !== 'passed')).length;
  const notRun = statuses.filter((status) => status !== 'passed' && status !== 'failed').length;
  const failed = statuses.length - passed + broken;
  const tests = files.flatMap(({ name = '', assertionResults }) =>
    assertionResults.map(({ status, fullName = '', failureMessages = [] }) => ({
      status,
      failureMessages,
      name: `${relative(root, name)}: ${fullName.trim()}`,
    })),
  );
  const bad = tests.flatMap((test) => (test.status === 'failed' ? [test.name] : []));
  const shaky = tests.flatMap(({ status, name, failureMessages: [message] }) => (status === 'passed' && message !== undefined ? [`${name}\n${message}`] : []));
  if (statuses.length === 0) return { passed: 0, failed: Math.max(1, failed), remark: 'no tests ran' };
  if (failed === 0 && code !== 0) return { passed, failed: 1, remark: `vitest ended with ${code}` };
  return { passed, failed, ...(bad.length > 0 && { bad }), ...(shaky.length > 0 && { shaky }), ...(notRun > 0 && { remark: `${notRun} did not run` }) };
}
