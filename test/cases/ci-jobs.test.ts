import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { run as runProgram } from '../../src/host/process.ts';
import type { JobEnd } from '../../src/runs/jobs/model.ts';
import { JobRun } from '../ci-job.ts';

/** Shells that /bin/sh is in images; the supervisor is written for what they have in common. */
const shells = [
  { name: 'dash', shell: ['/usr/bin/dash'] },
  { name: 'bash', shell: ['/bin/bash', '--posix'] },
  { name: 'BusyBox', shell: ['/bin/busybox', 'sh'] },
] as const;

const runs: JobRun[] = [];
afterEach(() => {
  for (const run of runs.splice(0)) run.dispose();
});

function newRun(options: ConstructorParameters<typeof JobRun>[0] = {}): JobRun {
  const run = new JobRun(options);
  runs.push(run);
  return run;
}

/** Processes of this machine whose command line holds a text, zombies left out. */
async function running(text: string): Promise<readonly string[]> {
  const { stdout } = await runProgram(['ps', '-A', '-o', 'stat=,args=']);
  return stdout.split('\n').filter((line) => line.includes(text) && !line.startsWith('Z'));
}

/** A number of seconds that nobody else sleeps. */
let unique = 3_000_000 + process.pid;
const sleeper = () => `sleep ${unique++}`;

const until = (look: () => boolean | Promise<boolean>) => expect.poll(look, { timeout: 20_000, interval: 20 }).toBe(true);

describe.each(shells)('under $name', ({ shell }) => {
  it('a list is run as it is, and a text by sh -c', async () => {
    const argv = ['printf', '<%s>', '', ' ', '*', '$HOME', '`id`', '$(id)', "'", '"', '\\', '\\n', 'two\nlines\n', ';', '-n', '~', 'ä\u0081€'];
    const run = newRun({ shell });
    mkdirSync(join(run.workspace, 'sub dir/$x'), { recursive: true });
    writeFileSync(join(run.workspace, 'tool with blanks'), '#!/bin/sh\nprintf "%s|" "$0" "$@"\n', { mode: 0o755 });
    const end = await run.run([
      argv,
      ['./tool with blanks', 'a  b', ''],
      'printf "<%s>" "$0" $((1 + 1)) "*"; x=\'it\'"\'"\'s\'; echo "$x"\nfalse\necho "after"',
      { command: ['/bin/sh', '-c', 'echo "$A"; pwd', 'name'], env: { A: 'it\'s "q" $x\n`y` \\ ä' }, cwd: 'sub dir/$x' },
    ]);
    expect(end.state).toBe('succeeded');
    expect(await run.stdout(1)).toBe(
      argv
        .slice(2)
        .map((word) => `<${word}>`)
        .join(''),
    );
    expect(await run.stdout(2)).toBe('./tool with blanks|a  b||');
    expect(await run.stdout(3)).toBe("</bin/sh><2><*>it's\nafter\n");
    expect(await run.stdout(4)).toBe(`it's "q" $x\n\`y\` \\ ä\n${run.workspace}/sub dir/$x\n`);
  });

  it('what cannot be run has the exit code that a shell gives it', async () => {
    const codeOf = async (command: string | readonly string[]) => (await newRun({ shell }).run([command])).end?.exitCode;
    expect(await codeOf(['slipway-no-such-program'])).toBe(127);
    expect(await codeOf(['/etc/passwd'])).toBe(126);
    expect(await codeOf(['--help'])).toBe(127);
    expect(await codeOf('kill -KILL $$')).toBe(137);
    expect(await codeOf('kill -TERM $$')).toBe(143);
    expect(await codeOf('exit 125')).toBe(125);
  });

  it('steps have an empty stdin, signals as they come by default, and nothing of the supervisor', async () => {
    const run = newRun({ shell });
    const script =
      'cat; ls -l /proc/self/fd | grep -cE "records|errors|alive"; cat /proc/self/status | grep -E "Sig(Ign|Cgt|Blk)"; env | grep -E "^(sw_|SLIPWAY_SUPERVISOR|OLD)"; echo "$SLIPWAY_STEP"';
    await run.run([script]);
    expect((await run.stdout()).replaceAll('\t', ' ').split('\n')).toEqual([
      '0',
      'SigBlk: 0000000000000000',
      'SigIgn: 0000000000000000',
      'SigCgt: 0000000000000000',
      expect.stringMatching(/\/the-job\/1\/1\/$/),
      '',
    ]);
  });

  it('a step may reopen its own output, and keeps what it wrote before', async () => {
    const run = newRun({ shell });
    await run.run(['echo one; echo two > /dev/stdout; echo three > /dev/stderr; echo four >&2; echo five']);
    const { stdout, stderr } = await run.step(1);
    expect([stdout.toString(), stderr.toString()]).toEqual(['one\ntwo\nfive\n', 'three\nfour\n']);
  });

  it('variables keep their values, whatever their names mean to a shell', async () => {
    const run = newRun({ shell });
    const env = {
      PATH: process.env['PATH'] ?? '',
      IFS: ',',
      UID: '7',
      OPTIND: 'x',
      PWD: '/elsewhere',
      LC_ALL: 'C',
      RANDOM: 'r',
      sw_lane: 'mine',
      'odd.name': 'o',
      B: '',
    };
    const end = await run.run([{ command: ['env'], env }]);
    expect(end.state).toBe('succeeded');
    const seen = (await run.stdout()).split('\n');
    for (const [name, value] of Object.entries(env)) expect(seen).toContain(`${name}=${value}`);
  });

  it("secrets of any form reach the steps that name them, and the supervisor's stdin alone", async () => {
    const run = newRun({ shell });
    const secrets = {
      ONE: 'it\'s $HOME `id` "q" \\n\\',
      LINES: '\nfirst line\n\n  third line\n\n',
      GO: 'go\nsecret X 1\ngo',
      BYTES: 'ä\u0081\u0085€\u00a0😀\ttab',
    };
    const check = Object.entries(secrets).map(
      ([name, value]) => `[ "$(printf %s "$${name}" | od -An -tx1 | tr -d ' \\n')" = ${Buffer.from(value).toString('hex')} ] || exit 3`,
    );
    const end = await run.run([check.join('\n'), `ps -A -o args= | grep -c 'first [l]ine'; echo "$LINES"; printf %s "$ONE"`], { secrets });
    expect(end.state).toBe('succeeded');
    expect(await run.stdout(2)).toBe('0\n{{ LINES }}\n{{ ONE }}');
  });

  it('a limit of a step ends its whole tree: what ignores TERM, what holds its output, what went into a session of its own', async () => {
    const run = newRun({ shell });
    const [a, b, c] = [sleeper(), sleeper(), sleeper()];
    const script = `(trap '' TERM; ${a}; ${a}) & setsid ${b} & setsid sh -c '${c} & exit' ; echo ready; wait`;
    const started = Date.now();
    const end = await run.run([{ command: script, timeoutSeconds: 0.5 }, 'echo never']);
    expect(end).toMatchObject({ state: 'failed', reason: 'timeout', message: 'Step 1 (a step) ran over its time limit.', end: { reason: 'timeout' } });
    expect(Date.now() - started).toBeLessThan(15_000);
    expect(await run.stdout()).toBe('ready\n');
    expect((await Promise.all([a, b, c].map(running))).flat()).toEqual([]);
  });

  it('the limit of the job ends the step that runs, also one without an environment', async () => {
    const run = newRun({ shell });
    const one = sleeper();
    const end = await run.run(['true', ['env', '-i', ...one.split(' ')]], { job: { timeoutSeconds: 1 } });
    expect(end).toMatchObject({ state: 'failed', reason: 'timeout', message: `The job ran over its limit of 1 s, in step 2 (env -i ${one}).`, log: 2 });
    expect(await running(one)).toEqual([]);
  });

  it('a step that ends itself on TERM with 0 has still run over its limit', async () => {
    const end = await newRun({ shell }).run([{ command: "trap 'exit 0' TERM; while :; do sleep 0.05; done", timeoutSeconds: 0.3 }]);
    expect(end).toMatchObject({ state: 'failed', reason: 'timeout', end: { reason: 'timeout', exitCode: 0 } });
  });

  it('what a step leaves behind works on for the next ones, and ends with the job', async () => {
    const run = newRun({ shell });
    const server = `while :; do echo tick; sleep 0.1; done`;
    const mark = sleeper();
    const started = Date.now();
    const end = await run.run([
      `(${server}) & setsid sh -c '${mark} & exit' >/dev/null 2>&1; echo started`,
      `sleep 0.5; pgrep -f "${mark.replace('p', '[p]')}" >/dev/null`,
    ]);
    expect(end.state).toBe('succeeded');
    expect(Date.now() - started).toBeLessThan(20_000);
    expect((await run.stdout()).split('\n').filter((line) => line === 'tick').length).toBeGreaterThan(4);
    expect(await running(mark)).toEqual([]);
    expect((await run.step(1)).frames.at(-1)).toMatchObject({ kind: 'end', end: { reason: 'exited', exitCode: 0 } });
  });

  it.each(['at the start', 'in the first step', 'in the second step'] as const)('a cancel %s ends the tree', async (phase) => {
    const run = newRun({ shell });
    const [one, two] = [sleeper(), sleeper()];
    const mark = join(run.workspace, 'two');
    const job = run.run([phase === 'in the second step' ? 'echo one' : `echo one; (trap '' TERM; ${one}; ${one})`, `touch ${mark}; ${two} & ${two}`]);
    if (phase === 'in the first step') await until(async () => (await run.stdout()) === 'one\n');
    if (phase === 'in the second step') await until(() => existsSync(mark));
    run.cancel();
    expect(await job).toMatchObject({ state: 'cancelled', reason: 'cancelled' });
    expect((await Promise.all([one, two].map(running))).flat()).toEqual([]);
    expect(existsSync(mark)).toBe(phase === 'in the second step');
  });

  it('a supervisor that is killed takes its steps with it, and is no success', async () => {
    const run = newRun({ shell });
    const one = sleeper();
    const job = run.run([`kill -KILL $PPID; (trap '' TERM; ${one}; ${one})`]);
    const end = await job;
    expect(end).toMatchObject({ state: 'failed', reason: 'lost', log: 1, end: { reason: 'lost' } });
    expect(await running(one)).toEqual([]);
    expect(await running(run.directory.split('/').at(-1) ?? '')).toEqual([]);
  });

  it('jobs of one run side by side end only their own steps', async () => {
    const [one, two] = [newRun({ shell }), newRun({ shell })];
    const [a, b] = [sleeper(), sleeper()];
    const long = two.run([`${b} & echo ready; while [ ! -e go ]; do sleep 0.05; done; kill $!`]);
    await until(async () => (await two.stdout()) === 'ready\n');
    const short = await one.run([{ command: a, timeoutSeconds: 0.3 }]);
    expect(short.reason).toBe('timeout');
    expect((await running(b)).length).toBeGreaterThan(0);
    writeFileSync(join(two.workspace, 'go'), '');
    expect(await long).toMatchObject<Partial<JobEnd>>({ state: 'succeeded' });
  });
});

describe('a step that works against its supervisor', () => {
  it('and stops what watches over its limit is ended all the same, and is no success', async () => {
    const run = newRun();
    const one = sleeper();
    const end = await run.run([`for pid in $(cat /proc/$PPID/task/$PPID/children); do [ $pid = $$ ] || kill -STOP $pid; done; ${one}`], {
      job: { timeoutSeconds: 1 },
    });
    expect(end).toMatchObject({ state: 'failed' });
    expect(await running(one)).toEqual([]);
  });

  it('and ends what carries its output is told of it', async () => {
    const run = newRun();
    const script = 'for pid in $(cat /proc/$PPID/task/$PPID/children); do [ "$(cat /proc/$pid/comm)" = cat ] && kill -KILL $pid; done; true';
    const end = await run.run([script, 'echo never']);
    expect(end).toMatchObject({ state: 'failed', reason: 'lost', message: expect.stringContaining('could not be kept') });
  });
});

describe('attempts of a job', () => {
  it('go on with the numbers of its logs, and have variables of the matrix', async () => {
    const run = newRun();
    const steps = ['echo "first $MATRIX_OS"', 'exit 4'];
    const job = { matrix: { os: 'a b' } };
    expect(await run.run(steps, { job })).toMatchObject({ state: 'failed', log: 2 });
    expect(await run.run(steps, { job, request: { attempt: 2 } })).toMatchObject({ state: 'failed', log: 4 });
    expect(await run.stdout(3)).toBe('first a b\n');
    expect(run.events.map(({ log, attempt }) => [log, attempt])).toEqual([1, 1, 2, 2, 3, 3, 4, 4].map((log) => [log, log > 2 ? 2 : 1]));
  });
});

describe('without what not every system has', () => {
  /** A PATH with these programs alone. */
  function pathOf(run: JobRun, without: readonly string[]): string {
    const bin = join(run.directory, 'bin');
    mkdirSync(bin);
    const programs = [
      'sh',
      'cat',
      'grep',
      'ps',
      'rm',
      'mkfifo',
      'sleep',
      'setsid',
      'date',
      'env',
      'echo',
      'true',
      'ls',
      'sed',
      'head',
      'wc',
      'od',
      'tr',
      'base64',
      'printf',
      'seq',
      'id',
    ];
    for (const name of programs.filter((program) => !without.includes(program)))
      writeFileSync(join(bin, name), `#!/bin/sh\nexec /usr/bin/env PATH=/usr/bin:/bin ${name} "$@"\n`, { mode: 0o755 });
    return bin;
  }

  it.each([['setsid'], ['grep'], ['setsid', 'grep']])('%s: a limit still ends the tree', async (...without) => {
    const run = newRun();
    const one = sleeper();
    const path = pathOf(run, without);
    const executor = {
      ...run.executor,
      launch: ((argv, env, signal) => run.executor.launch(argv, { ...env, PATH: path }, signal)) as typeof run.executor.launch,
    };
    const end = await run.run([{ command: `${one} & (trap '' TERM; ${one}; ${one})`, timeoutSeconds: 0.5, env: { PATH: process.env['PATH'] ?? '' } }], {
      request: { executor },
    });
    expect(end).toMatchObject({ reason: 'timeout' });
    expect(await running(one)).toEqual([]);
  });

  it('a sleep without fractions: a limit still ends the step, and a program says why a supervisor cannot start', async () => {
    const run = newRun();
    const one = sleeper();
    const path = pathOf(run, ['sleep']);
    writeFileSync(join(path, 'sleep'), '#!/bin/sh\ncase $1 in *.*) echo "sleep: invalid number" >&2; exit 1 ;; esac\nexec /bin/sleep "$@"\n', { mode: 0o755 });
    const executor = {
      ...run.executor,
      launch: ((argv, env, signal) => run.executor.launch(argv, { ...env, PATH: path }, signal)) as typeof run.executor.launch,
    };
    expect(await run.run([{ command: one, timeoutSeconds: 0.5, env: { PATH: process.env['PATH'] ?? '' } }], { request: { executor } })).toMatchObject({
      reason: 'timeout',
    });
    expect(await running(one)).toEqual([]);

    const other = newRun();
    const bare = {
      ...other.executor,
      launch: ((argv, env, signal) => other.executor.launch(argv, { ...env, PATH: pathOf(other, ['mkfifo']) }, signal)) as typeof run.executor.launch,
    };
    expect(await other.run(['true'], { request: { executor: bare } })).toMatchObject({
      state: 'failed',
      reason: 'lost',
      message: expect.stringContaining('mkfifo'),
    });
  });
});
