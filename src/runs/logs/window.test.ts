import { describe, expect, it } from 'vitest';
import { Window } from './window.ts';

describe('a window', () => {
  const through = (room: number, chunks: readonly string[]) => {
    const window = new Window(room);
    for (const chunk of chunks) window.push(Buffer.from(chunk));
    return window.end().toString();
  };

  it('shows all where there is room', () => {
    expect(through(30, ['one\n', 'two\n', 'three'])).toBe('one\ntwo\nthree');
  });

  it('shows whole lines of the beginning and of the end', () => {
    const lines = Array.from({ length: 1000 }, (_, index) => `line ${index}\n`);
    const shown = through(90, lines).split('\n');
    expect(shown.slice(0, 3)).toEqual(['line 0', 'line 1', 'line 2']);
    expect(shown.slice(-4)).toEqual(['line 997', 'line 998', 'line 999', '']);
    const [, bytes, count] = /^\[… (\d+) bytes, (\d+) lines left out …\]$/.exec(shown.find((line) => line.startsWith('[')) ?? '') ?? [];
    expect(Number(count) + shown.length - 2).toBe(1000);
    expect(Number(bytes) + shown.filter((line) => line.startsWith('line')).join('\n').length + 1).toBe(lines.join('').length);
  });

  it('cuts no character in two', () => {
    const shown = through(20, ['€'.repeat(1000)]);
    expect(shown).toMatch(/^€+\n\[… \d+ bytes, 0 lines left out …\]\n€+$/);
  });

  it('needs memory for the window alone', () => {
    const window = new Window(1000);
    const chunk = Buffer.alloc(1_000_000, 'x');
    for (let index = 0; index < 200; index++) window.push(chunk);
    expect(window.end().length).toBeLessThan(1100);
  });
});
