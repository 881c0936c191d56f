import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isLeftOver } from './person.mjs';

test("a lab's person is its own to the end of its removal, and a left-over only where the lab is gone", () => {
  const lab = mkdtempSync(join(tmpdir(), 'slipway-person-'));
  onTestFinished(() => rmSync(lab, { recursive: true, force: true }));
  const person = { uid: 1501, home: join(lab, 'home') };
  writeFileSync(join(lab, '.slipway-lab.json'), '{}');
  mkdirSync(person.home);
  expect(isLeftOver(person)).toBe(false);
  rmSync(person.home, { recursive: true });
  expect(isLeftOver(person)).toBe(false);
  rmSync(lab, { recursive: true });
  expect([isLeftOver(person), isLeftOver({ ...person, uid: 1000 })]).toEqual([true, false]);
});
