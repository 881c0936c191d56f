import { expect, it } from 'vitest';
import { root } from '../setup/packages.mjs';
import { count } from './vitest.mjs';

const file = (status: string, ...tests: readonly string[]) => ({
  name: `${root}/a.test.ts`,
  status,
  assertionResults: tests.map((test) => ({ status: test, fullName: ' it works' })),
});

it('counts passed and failed tests, and names those that failed', () => {
  expect(count([file('passed', 'passed', 'passed'), file('failed', 'passed', 'failed')], 1)).toEqual({ passed: 3, failed: 1, bad: ['a.test.ts: it works'] });
});

it('names tests that passed at their second try, with what was wrong before', () => {
  const tests = [{ status: 'passed', fullName: 'it works', failureMessages: ['it did not', 'nor then'] }];
  expect(count([{ name: `${root}/a.test.ts`, status: 'passed', assertionResults: tests }], 0)).toEqual({
    passed: 1,
    failed: 0,
    shaky: ['a.test.ts: it works\nit did not'],
  });
});

it('counts a file that could not be loaded as one failure', () => {
  expect(count([file('failed'), file('passed', 'passed')], 1)).toEqual({ passed: 1, failed: 1 });
});

it('counts tests that did not run as failures', () => {
  expect(count([file('failed', 'skipped', 'pending'), file('passed', 'passed')], 1)).toEqual({ passed: 1, failed: 2, remark: '2 did not run' });
});

it('counts an end without tests, and an error outside of every test, as a failure', () => {
  expect(count([], 0)).toEqual({ passed: 0, failed: 1, remark: 'no tests ran' });
  expect(count([file('passed', 'passed')], 1)).toEqual({ passed: 1, failed: 1, remark: 'vitest ended with 1' });
});
