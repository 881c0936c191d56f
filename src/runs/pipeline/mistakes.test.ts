import { describe, expect, it } from 'vitest';
import type { PipelinePlan } from '../model.ts';
import { compile } from './compile.ts';
import type { Surroundings } from './definition.ts';
import { PipelineInvalid } from './invalid.ts';
import { readYamlDefinition } from './yaml-definition.ts';

const source = '.slipway/ci.yml';

function planOf(text: string, surroundings: Surroundings = { hasDockerfile: false }): PipelinePlan {
  return compile(readYamlDefinition(source, text), surroundings);
}

/** Every mistake as `line:column message`. */
function mistakesIn(text: string, surroundings: Surroundings = { hasDockerfile: false }): readonly string[] {
  try {
    planOf(text, surroundings);
    return [];
  } catch (error) {
    if (!(error instanceof PipelineInvalid)) throw error;
    return error.mistakes.map(({ place, message }) => `${place?.line}:${place?.column} ${message}`);
  }
}

/** With one sound job before the lines. */
const withJob = (...lines: readonly string[]) => ['jobs:', '  a: { steps: [x] }', ...lines.map((line) => `  ${line}`), ''].join('\n');

describe('a mistake', () => {
  it.each<[string, string, readonly string[]]>([
    ['an unknown key, with the near one', 'imge: x\njobs: { a: { steps: [x] } }', ['1:1 unknown key `imge`: did you mean `image`?']],
    ['an unknown key of a job', withJob('b: { steps: [x], allow_failure: true }'), ['3:20 unknown key `jobs.b.allow_failure`: did you mean `allowFailure`?']],
    [
      'an unknown key of a step',
      withJob('b: { steps: [{ run: x, dir: y }] }'),
      ['3:26 unknown key `jobs.b.steps.0.dir`: known keys: name, run, env, cwd, timeout'],
    ],
    ['no jobs', 'image: x', ['1:1 `jobs` is missing: expected a map']],
    ['an empty file', '', ['1:1 `jobs` is missing: expected a map']],
    ['jobs without one', 'jobs: {}', ['1:7 `jobs`: expected at least one job']],
    ['a job without steps', withJob('b: { needs: a }'), ['3:3 `jobs.b.steps` is missing: expected a list']],
    ['no steps', withJob('b: { steps: [] }'), ['3:15 `jobs.b.steps`: expected at least one step']],
    ['an empty step', withJob('b: { steps: [""] }'), ['3:16 `jobs.b.steps.0`: expected a command, found ""']],
    ['an empty argv', withJob('b: { steps: [[]] }'), ['3:16 `jobs.b.steps.0`: expected a program and its arguments']],
    ['empty needs', withJob('b: { steps: [x], needs: [] }'), ['3:27 `jobs.b.needs`: names no job: leave it out, or name one']],
    ['needs that are nothing', withJob('b: { steps: [x], needs: }'), ['3:20 `jobs.b.needs`: expected the names of jobs, or one of them, found nothing']],
    [
      'an unknown need, with the near one',
      withJob('build: { steps: [x] }', 'b: { steps: [x], needs: [biuld] }'),
      ['4:28 `jobs.b.needs` names `biuld`, which does not exist: did you mean `build`?'],
    ],
    ['a need said twice', withJob('b: { steps: [x], needs: [a, a] }'), ['3:31 `jobs.b.needs` names `a` twice']],
    ['a duplicate job', withJob('a: { steps: [y] }'), ['3:3 duplicate job `a`: the first stands on line 2']],
    [
      'another duplicate key',
      withJob('b: { steps: [x], retry: 1, retry: 2 }'),
      ['3:30 `jobs.b.retry` stands here for the second time: the first stands on line 3'],
    ],
    ['a job that needs itself', withJob('b: { steps: [x], needs: [b] }'), ['3:28 `b` needs itself']],
    ['a name with a slash', withJob('b/c: { steps: [x] }'), ['3:3 `jobs.b/c`: expected a job\'s name without `/`, on one line, found "b/c"']],
    [
      'a name like an option',
      withJob('-b: { steps: [x] }'),
      ['3:3 `jobs.-b`: expected a job\'s name that begins with neither a blank nor a dash, and does not end with a blank, found "-b"'],
    ],
    ['a name that every object has', withJob('constructor: { steps: [x] }'), ['3:3 `jobs.constructor`: expected another name than constructor']],
    [
      'services on the host',
      withJob('b: { steps: [x], services: { db: postgres } }'),
      ['3:20 `jobs.b.services` need the executor `container`: there is neither an `image` nor .slipway/Dockerfile'],
    ],
    [
      'an absolute cache on the host',
      withJob('b: { steps: [x], cache: [{ key: k, path: /c }] }'),
      ['3:44 `jobs.b.cache`: the absolute path /c needs the executor `container`: there is neither an `image` nor .slipway/Dockerfile'],
    ],
    [
      'a folder outside',
      withJob('b: { steps: [x], cwd: a/../.. }'),
      ['3:25 `jobs.b.cwd`: expected a path inside the workspace, relative to its top, found "a/../.."'],
    ],
    [
      "a step's folder outside",
      withJob('b: { steps: [{ run: x, cwd: /tmp }] }'),
      ['3:31 `jobs.b.steps.0.cwd`: expected a path inside the workspace, relative to its top, found "/tmp"'],
    ],
    ['a number as a time', withJob('b: { steps: [x], timeout: 90 }'), ['3:29 `jobs.b.timeout`: expected a time such as 90s, 10m or 1h30m, found 90']],
    [
      'a time without a unit',
      withJob('b: { steps: [x], timeout: "90" }'),
      ['3:29 `jobs.b.timeout`: expected a time with its unit, such as 90s, 10m or 1h30m: at least 1s, at most 168h, found "90"'],
    ],
    [
      'a variable of Slipway',
      withJob('b: { steps: [x], env: { SLIPWAY_STEP: x } }'),
      ['3:27 `jobs.b.env.SLIPWAY_STEP`: expected another name: those that begin with SLIPWAY_ are given by Slipway, found "SLIPWAY_STEP"'],
    ],
    [
      'a secret that is set, too',
      withJob('b: { steps: [x], secrets: [A], env: { A: x } }'),
      ['3:41 `jobs.b.env.A` is also a secret of `b`: expected one or the other'],
    ],
    ['an empty matrix', withJob('b: { steps: [x], matrix: { n: [] } }'), ['3:33 `jobs.b.matrix.n`: makes no job: expected at least one value']],
    ['a matrix that makes a job twice', withJob('b: { steps: [x], matrix: { n: [1, "1"] } }'), ['3:3 duplicate job: the matrix of `b` makes `b (n=1)` twice']],
    [
      'a job named like one of a matrix',
      withJob('b: { steps: [x], matrix: { n: [1] } }', '"b (n=1)": { steps: [x] }'),
      ['4:3 duplicate job: `b (n=1)` is also made by the matrix of `b`'],
    ],
    [
      'a matrix without an end',
      withJob(
        `b: { steps: [x], matrix: { n: [${Array.from({ length: 17 }, (_, n) => n).join(', ')}], m: [${Array.from({ length: 17 }, (_, n) => n).join(', ')}] } }`,
      ),
      ['3:20 `jobs.b.matrix` makes 289 jobs: expected at most 256'],
    ],
    [
      'two keys of one variable',
      withJob('b: { steps: [x], matrix: { n: [1], N: [2] } }'),
      ['3:38 `jobs.b.matrix`: `n` and `N` would both be the variable MATRIX_N'],
    ],
    [
      'a variable of the matrix',
      withJob('b: { steps: [x], matrix: { n: [1] }, env: { MATRIX_N: 2 } }'),
      ['3:47 `jobs.b.env.MATRIX_N` is given by the matrix of `b`: expected another name'],
    ],
    ['two paths of one cache', withJob('b: { steps: [x], cache: [{ key: k, path: a }, { key: k, path: b }] }'), ['3:65 the cache `k` has two paths: a and b']],
    ['two caches of one path', withJob('b: { steps: [x], cache: [{ key: k, path: a }, { key: l, path: ./a }] }'), ['3:56 two caches for a: `k` and `l`']],
    ['a list for a map', 'jobs: [a]', ['1:7 `jobs`: expected a map, found a list']],
    ['a tag', 'jobs: !x { a: { steps: [x] } }', ['1:7 Unresolved tag: !x: expected no tag']],
    ['an alias without an anchor', 'jobs: *x', ['1:7 `*x` names no anchor: expected `&x` before it']],
    ['no YAML', 'jobs: [', ['1:8 Flow sequence in block collection must be sufficiently indented and end with a ]']],
  ])('%s', (_title, text, mistakes) => {
    expect(mistakesIn(text)).toEqual(mistakes);
  });

  it('of a cycle names its jobs in order, and those that wait for it are unreachable', () => {
    const text = withJob(
      'b: { steps: [x], needs: [a, d] }',
      'c: { steps: [x], needs: b }',
      'd: { steps: [x], needs: c }',
      'e: { steps: [x], needs: d }',
      'f: { steps: [x], needs: e }',
    );
    expect(mistakesIn(text)).toEqual([
      '3:31 a cycle: `b` needs `d` needs `c` needs `b`',
      '6:3 `e` is unreachable: it needs `d`, which is in a cycle',
      '7:3 `f` is unreachable: it needs `e`, which needs `d`, which is in a cycle',
    ]);
  });

  it('of each knot of jobs is told once', () => {
    const text = withJob('b: { steps: [x], needs: c }', 'c: { steps: [x], needs: b }', 'd: { steps: [x], needs: [e] }', 'e: { steps: [x], needs: [d, c] }');
    expect(mistakesIn(text)).toEqual(['3:27 a cycle: `b` needs `c` needs `b`', '5:28 a cycle: `d` needs `e` needs `d`']);
  });

  it('of a combination that no matrix makes is an unreachable job', () => {
    const text = withJob(
      't: { steps: [x], matrix: { n: [1, 2] } }',
      'b: { steps: [x], needs: ["t (n=3)"] }',
      'c: { steps: [x], needs: ["a (n=1)"] }',
      'd: { steps: [x], needs: b }',
    );
    expect(mistakesIn(text)).toEqual([
      '4:28 `b` is unreachable: it needs `t (n=3)`, which the matrix of `t` does not make: it makes `t (n=1)`, `t (n=2)`',
      '5:28 `c` is unreachable: it needs `a (n=1)`, but `a` has no matrix',
      '6:3 `d` is unreachable: it needs `b`, which needs `t (n=3)`, which the matrix of `t` does not make',
    ]);
  });

  it('of a service is two definitions of one name, in two jobs or in one', () => {
    const text = `image: a\n${withJob('b: { steps: [x], services: { db: { image: postgres } } }', 'c: { steps: [x], services: { db: postgres } }', 'd: { steps: [x], services: { db: { image: postgres, env: { A: 1 } } } }', 'e: { steps: [x], services: { db: postgres, db: redis } }')}`;
    expect(mistakesIn(text)).toEqual([
      '6:32 two definitions of the service `db`: `d` gives another one than `b`',
      '7:46 two definitions of the service `db`: the first stands on line 7',
    ]);
  });

  it('is told with all others, in the order of the file, each with its line', () => {
    const text = withJob('b/c: { steps: [x], cwd: .. }', 'd: { steps: [], needs: [nope], stepps: 1 }');
    const error = (() => {
      try {
        return planOf(text);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({
      code: 'E_PIPELINE_INVALID',
      message: '.slipway/ci.yml has 5 mistakes.',
      detail: [
        '.slipway/ci.yml:3:3: `jobs.b/c`: expected a job\'s name without `/`, on one line, found "b/c"',
        '  3 |   b/c: { steps: [x], cwd: .. }',
        '.slipway/ci.yml:3:27: `jobs.b/c.cwd`: expected a path inside the workspace, relative to its top, found ".."',
        '  3 |   b/c: { steps: [x], cwd: .. }',
        '.slipway/ci.yml:4:15: `jobs.d.steps`: expected at least one step',
        '  4 |   d: { steps: [], needs: [nope], stepps: 1 }',
        '.slipway/ci.yml:4:27: `jobs.d.needs` names `nope`, which does not exist',
        '  4 |   d: { steps: [], needs: [nope], stepps: 1 }',
        '.slipway/ci.yml:4:34: unknown key `jobs.d.stepps`: did you mean `steps`?',
        '  4 |   d: { steps: [], needs: [nope], stepps: 1 }',
      ].join('\n'),
    });
  });
});
