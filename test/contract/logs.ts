import { expect, test } from 'vitest';
import { collect, type Setting } from './setting.ts';

export function logsContract({ engine, start }: Setting): void {
  const { containers } = engine;

  test('both streams of a container that has ended, to the last line without a newline', async () => {
    const id = await start({ command: ['sh', '-c', 'echo one; echo two >&2; printf three'] });
    await containers.wait(id);
    expect(await collect(containers.logs(id))).toEqual({ stdout: 'one\nthree', stderr: 'two\n' });
  });

  test('tail, since and timestamps', async () => {
    const id = await start({ command: ['sh', '-c', 'for i in 1 2 3 4; do echo $i; done; sleep 2.2; echo 5'] });
    await containers.wait(id);
    expect((await collect(containers.logs(id, { tail: 2 }))).stdout).toBe('4\n5\n');
    const stamped = (await collect(containers.logs(id, { timestamps: true, tail: 1 }))).stdout;
    const [, time = '', text] = /^(\S+) (5)\n$/.exec(stamped) ?? [];
    expect(text).toBe('5');
    expect((await collect(containers.logs(id, { since: new Date(Date.parse(time) - 1000) }))).stdout).toBe('5\n');
  });

  test('following gives lines as they come, and ends with the container', async () => {
    const id = await start({ command: ['sh', '-c', 'echo first; sleep 1; echo last; exit 3'] });
    const seen: { readonly text: string; readonly at: number }[] = [];
    for await (const { data } of containers.logs(id, { follow: true })) seen.push({ text: data.toString(), at: Date.now() });
    expect(seen.map(({ text }) => text).join('')).toBe('first\nlast\n');
    expect((seen.at(-1)?.at ?? 0) - (seen[0]?.at ?? 0)).toBeGreaterThan(500);
    expect((await containers.inspect(id))?.exitCode).toBe(3);
  });

  // Docker 20.10 loses such a line in most follows that end with the container.
  test('following gives what was written at the very end, once, whatever was asked for', async () => {
    const command = ['sh', '-c', 'echo a; echo b; sleep 0.7; echo c >&2; printf "c d"'];
    const whole = { stdout: 'a\nb\nc d', stderr: 'c\n' };
    const follows = Array.from({ length: 6 }, async () => collect(containers.logs(await start({ command }), { follow: true })));
    expect(await Promise.all(follows)).toEqual(follows.map(() => whole));
    const tails = Array.from({ length: 3 }, async () => {
      const id = await start({ command: ['sh', '-c', 'seq 1 5; sleep 2; printf 6'] });
      await expect.poll(async () => (await collect(containers.logs(id))).stdout).toBe('1\n2\n3\n4\n5\n');
      return (await collect(containers.logs(id, { follow: true, tail: 2 }))).stdout;
    });
    expect(await Promise.all(tails)).toEqual(tails.map(() => '4\n5\n6'));
    const stamped = await collect(containers.logs(await start({ command }), { follow: true, timestamps: true }));
    expect(stamped.stdout).toMatch(/^\S+Z a\n\S+Z b\n\S+Z c d$/);
  });

  test('a follower that leaves does no harm', async () => {
    const id = await start({ command: ['sh', '-c', 'while :; do echo tick; sleep 0.05; done'] });
    for await (const { data } of containers.logs(id, { follow: true })) {
      expect(data.toString()).toMatch(/tick/);
      break;
    }
    expect((await containers.inspect(id))?.state).toBe('running');
  });

  test('a container with a terminal has one stream', async () => {
    const id = await start({ tty: true, command: ['sh', '-c', 'echo out; echo err >&2'] });
    await containers.wait(id);
    const { stdout, stderr } = await collect(containers.logs(id));
    expect(stdout.replaceAll('\r', '')).toBe('out\nerr\n');
    expect(stderr).toBe('');
  });
}
