import { expect, test } from 'vitest';
import { collect, type Setting } from './setting.ts';

export function execContract({ engine, start, exec }: Setting): void {
  const { containers } = engine;

  test('gives both streams apart, and the exit code', async () => {
    const id = await start();
    expect(await exec(id, { command: ['sh', '-c', 'echo out; echo err >&2; exit 7'] })).toEqual({ exitCode: 7, stdout: 'out\n', stderr: 'err\n' });
  });

  test('takes user, directory and environment', async () => {
    const id = await start();
    const result = await exec(id, { command: ['sh', '-c', 'id -u; pwd; echo "$A"'], user: '1234:1234', workingDir: '/tmp', env: { A: 'b c' } });
    expect(result).toEqual({ exitCode: 0, stdout: '1234\n/tmp\nb c\n', stderr: '' });
  });

  test('stdin reaches the command, and its end too', async () => {
    const id = await start();
    const text = 'x'.repeat(3_000_000);
    const { stdout, exitCode } = await exec(id, { command: ['cat'] }, text);
    expect(exitCode).toBe(0);
    expect(stdout === text).toBe(true);
  });

  test('without stdin, a command that reads it sees the end', async () => {
    const id = await start();
    expect(await exec(id, { command: ['cat'] })).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  test('a command that ends before it has read its stdin is no failure', async () => {
    const id = await start();
    expect((await exec(id, { command: ['sh', '-c', 'exit 5'] }, 'x'.repeat(2_000_000))).exitCode).toBe(5);
  });

  test('a terminal has its size, and one stream', async () => {
    const id = await start();
    // Podman answers before its monitor has given the terminal the size.
    const script = 'test -t 0 && test -t 1; read _; until stty size 2>/dev/null; do sleep 0.1; done; echo err >&2';
    const session = await containers.exec(id, { command: ['sh', '-c', script], tty: true, stdin: true });
    await session.resize(101, 33);
    session.stdin?.write('\n');
    const { stdout, stderr } = await collect(session.output);
    expect(stdout.replaceAll('\r', '')).toBe('\n33 101\nerr\n');
    expect(stderr).toBe('');
    expect(await session.exitCode()).toBe(0);
  });

  test('a slow reader loses nothing of a large output, and memory stays small', async () => {
    const id = await start();
    const session = await containers.exec(id, { command: ['sh', '-c', 'dd if=/dev/zero bs=1M count=200 2>/dev/null | tr "\\0" x'] });
    const before = process.memoryUsage().arrayBuffers;
    let bytes = 0;
    let most = 0;
    let slept = 0;
    for await (const { data } of session.output) {
      bytes += data.length;
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      if (bytes > slept * 20_000_000) {
        slept++;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    expect(bytes).toBe(200 * 1024 * 1024);
    expect(await session.exitCode()).toBe(0);
    expect(most).toBeLessThan(100 * 1024 * 1024);
  });

  test('many at once keep their outputs apart', async () => {
    const id = await start();
    const results = await Promise.all(Array.from({ length: 8 }, (_, n) => exec(id, { command: ['sh', '-c', `echo ${n}; exit ${n}`] })));
    expect(results).toEqual(Array.from({ length: 8 }, (_, n) => ({ exitCode: n, stdout: `${n}\n`, stderr: '' })));
  });

  test('invalid UTF-8 comes through as it is', async () => {
    const id = await start();
    const session = await containers.exec(id, { command: ['printf', '\\377\\376a\\000b'] });
    const chunks: Buffer[] = [];
    for await (const { data } of session.output) chunks.push(data);
    expect(Buffer.concat(chunks)).toEqual(Buffer.from([255, 254, 97, 0, 98]));
  });

  test('leaving the output early leaves the process inside running', async () => {
    const id = await start();
    const session = await containers.exec(id, { command: ['sh', '-c', 'echo go; exec sleep 543'] });
    for await (const _ of session.output) break;
    expect((await exec(id, { command: ['sh', '-c', 'ps | grep -c "[s]leep 543"'] })).stdout).toBe('1\n');
  });

  test('in a stopped container it is E_CONFLICT', async () => {
    const id = await start();
    await containers.stop(id);
    await expect(containers.exec(id, { command: ['true'] })).rejects.toMatchObject({ code: 'E_CONFLICT' });
  });
}
