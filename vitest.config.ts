import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest, so that no worker goes on alone at the end. */
const longest = /\/(kill-instances|kill-tasks|kill-others|service|images|real-agents|instance-units|unreachable)\.test\.ts$/;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [...sorted.filter(({ moduleId }) => longest.test(moduleId)), ...sorted.filter(({ moduleId }) => !longest.test(moduleId))];
  }
}

const engineTests = {
  testTimeout: 90_000,
  hookTimeout: 180_000,
  pool: 'forks',
  sequence: { concurrent: false },
  // Engines have races of their own, Podman 4.3 above all, when several tests at once make and remove images. The report names each
  // test that needed it.
  retry: 1,
} as const;

export default defineConfig({
  test: {
    // A test waits for its engine most of the time: one worker more than the two cores that the limit of time is set for.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts', 'test/house/**/*.test.ts'],
          pool: 'threads',
          isolate: false,
          provide: { isThorough: false },
          testTimeout: 10_000,
        },
      },
      { test: { ...engineTests, name: 'contract', include: ['test/contract/**/*.test.ts'] } },
      {
        test: {
          ...engineTests,
          name: 'cases',
          globalSetup: ['test/build-program.ts'],
          // Properties are unit tests, too, of a few runs each.
          include: ['test/cases/**/*.test.ts', 'src/**/*.property.test.ts'],
          provide: { isThorough: true },
        },
      },
      { test: { ...engineTests, name: 'faults', globalSetup: ['test/build-program.ts'], include: ['test/faults/**/*.test.ts'], testTimeout: 180_000 } },
    ],
  },
});
