import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { PipelineRepository } from '../pipeline-repository.ts';

let box: PipelineRepository;
beforeEach(async () => {
  box = await new PipelineRepository().begin();
});
afterEach(() => box.dispose());

describe('ci trust', () => {
  it('is asked for before anything of a ci.ts is run, and again after each change', async () => {
    const trace = box.writeScript("job('a', { steps: ['x'] })");
    box.write('.slipway/lib/part.ts', 'export {};');
    for (const command of ['plan', 'validate']) {
      const end = await box.slipway(['ci', command]);
      expect(end).toMatchObject({ exitCode: 1, stdout: '' });
      expect(end.stderr).toContain('[E_PIPELINE_UNTRUSTED]');
      expect(end.stderr).toContain('`slipway ci trust`');
    }
    expect(existsSync(trace)).toBe(false);
    const said = await box.ok(['ci', 'trust', '--yes']);
    expect(said).toMatch(/^\.slipway\/ci\.ts +100644 +\d+ bytes$/m);
    expect(said).toMatch(/^\.slipway\/lib\/part\.ts +100644 +\d+ bytes$/m);
    expect(said).toMatch(/^sha256 [0-9a-f]{64}$/m);
    expect(existsSync(trace)).toBe(false);
    await box.plan();
    expect(readFileSync(trace, 'utf8')).toBe('run\n');

    const changes: readonly (() => unknown)[] = [
      () => box.write('.slipway/lib/part.ts', 'export const a = 1;'),
      () => chmodSync(join(box.repository, '.slipway/lib/part.ts'), 0o755),
      () => box.write('.slipway/lib/new.ts', ''),
    ];
    for (const change of changes) {
      change();
      expect((await box.slipway(['ci', 'plan'])).stderr).toContain('[E_PIPELINE_UNTRUSTED]');
      expect(readFileSync(trace, 'utf8')).toBe('run\n');
      await box.ok(['ci', 'trust', '--yes']);
    }
    expect(JSON.parse(await box.ok(['ci', 'trust', '--yes', '--json']))).toMatchObject({ changed: false });
  });

  it('is given on a terminal, or by --yes; a plan alone gives none', async () => {
    box.writeScript("job('a', { steps: ['x'] })");
    expect(await box.slipway(['ci', 'trust'])).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await box.ok(['ci', 'trust', '--dry-run'])).toMatch(/^- Trust the tree [0-9a-f]{64} of \.slipway\/$/m);
    expect((await box.slipway(['ci', 'plan'])).stderr).toContain('[E_PIPELINE_UNTRUSTED]');
  });

  it.each([
    ['y', 0, undefined],
    ['n', 1, '[E_PIPELINE_UNTRUSTED]'],
  ])('shows what it trusts on a terminal, and takes %s for an answer', async (answer, exitCode, then) => {
    box.writeScript("job('a', { steps: ['x'] })");
    let shown = '';
    // script(1) is a terminal.
    const terminal = spawn('script', ['-qec', `stty cols 120 rows 40 && '${process.execPath}' '${inject('program')}' ci trust`, '/dev/null'], {
      cwd: box.repository,
      env: box.env(),
    });
    terminal.stdout.on('data', (chunk: Buffer) => {
      const asked = shown.includes('May this code run');
      shown += chunk.toString();
      if (!asked && shown.includes('May this code run')) terminal.stdin.write(answer);
    });
    expect(await new Promise((resolve) => terminal.once('close', resolve))).toBe(exitCode);
    expect(shown.slice(0, shown.indexOf('May this code run'))).toMatch(/\.slipway\/ci\.ts +100644 +\d+ bytes[\s\S]*sha256 [0-9a-f]{64}/);
    const { stderr } = await box.slipway(['ci', 'plan']);
    if (then === undefined) expect(stderr).toBe('');
    else expect(stderr).toContain(then);
  });

  it('holds for a commit as for the same files of the work tree, and for every work tree', async () => {
    box.writeScript("job('a', { steps: ['x'] })");
    await box.commit();
    box.write('.slipway/untracked', '');
    await box.ok(['ci', 'trust', 'HEAD', '--yes']);
    expect((await box.slipway(['ci', 'plan'])).stderr).toContain('[E_PIPELINE_UNTRUSTED]');
    await box.git('worktree', 'add', '-q', join(box.folder, 'linked'));
    expect((await box.plan(join(box.folder, 'linked'))).source).toBe('.slipway/ci.ts');
  });

  it('is a matter of one repository', async () => {
    box.writeScript("job('a', { steps: ['x'] })");
    await box.commit();
    await box.ok(['ci', 'trust', '--yes']);
    await box.git('clone', '-q', box.repository, join(box.folder, 'clone'));
    expect((await box.slipway(['ci', 'plan'], join(box.folder, 'clone'))).stderr).toContain('[E_PIPELINE_UNTRUSTED]');
  });

  it('is not needed for data', async () => {
    box.write('.slipway/ci.yml', 'jobs: { a: { steps: [x] } }');
    expect((await box.slipway(['ci', 'trust', '--yes'])).stderr).toContain('[E_PIPELINE_DATA]');
  });

  it('stands in the journal', async () => {
    box.writeScript("job('a', { steps: ['x'] })");
    await box.ok(['ci', 'trust', '--yes']);
    expect(JSON.parse(await box.ok(['journal', '--json']))).toMatchObject([{ verb: 'pipeline.trust', outcome: 'done' }]);
  });
});

describe('a ci.ts', () => {
  it("has the program's own library, and sees nothing of the person's environment", async () => {
    box.write(
      '.slipway/ci.ts',
      "import * as slipway from 'slipway';",
      'const env = { LIBRARY: [typeof slipway.createApp, typeof slipway.job].join(), TOKEN: String(process.env.SECRET_TOKEN) };',
      "export default slipway.pipeline({ env, jobs: [slipway.job('a', { steps: ['x'] })] });",
    );
    await box.ok(['ci', 'trust', '--yes']);
    expect((await box.plan()).env).toEqual({ LIBRARY: 'function,function', TOKEN: 'undefined' });
  });

  it('is not run where it imports what may not be there', async () => {
    const trace = box.writeScript("job('a', { steps: ['x'] })");
    box.write('.slipway/ci.ts', "import 'left-pad';", readFileSync(join(box.repository, '.slipway/ci.ts'), 'utf8'));
    box.write('.slipway/node_modules/left-pad/index.js', '');
    await box.ok(['ci', 'trust', '--yes']);
    expect((await box.slipway(['ci', 'validate'])).stderr).toContain(
      '.slipway/ci.ts:1:8: imports `left-pad`: expected `slipway`, a module of Node.js, or a file below .slipway/',
    );
    expect(existsSync(trace)).toBe(false);
  });

  it('cannot write between the lines of a plan, nor keep anybody waiting with what it left open', async () => {
    box.write(
      '.slipway/ci.ts',
      "import { job, pipeline } from 'slipway';",
      "console.log('printed');",
      'setInterval(() => {}, 1000);',
      "export default pipeline({ jobs: [job('a', { steps: ['x'] })] });",
    );
    await box.ok(['ci', 'trust', '--yes']);
    const end = await box.slipway(['ci', 'plan', '--json']);
    expect(JSON.parse(end.stdout)).toMatchObject({ source: '.slipway/ci.ts' });
    expect(end.stderr).toBe('printed\n');
  });

  it('that ends the process tells so', async () => {
    box.write('.slipway/ci.ts', 'process.exit(7);');
    await box.ok(['ci', 'trust', '--yes']);
    expect((await box.slipway(['ci', 'plan'])).stderr).toContain('.slipway/ci.ts: ended with exit code 7 before its pipeline was there');
  });
});
