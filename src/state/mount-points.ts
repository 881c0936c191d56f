import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Mount points at or below a path, deepest first. Empty where the system does not list them (see proc_pid_mountinfo(5)). */
export async function mountPointsUnder(path: string): Promise<readonly string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  // The last part itself is not resolved: a link there is a thing of its own.
  const real = join(await realpath(dirname(path)).catch(() => dirname(path)), basename(path));
  const points = parseMountPoints(table).filter((point) => point === real || point.startsWith(`${real}/`));
  return [...new Set(points)].sort((a, b) => b.length - a.length);
}

/** Field 5 of each line; blanks, tabs, newlines and backslashes are written in octal. */
export function parseMountPoints(table: string): readonly string[] {
  return table
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point !== '')
    .map((point) =>
      Buffer.from(
        point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
        'latin1',
      ).toString('utf8'),
    );
}
