/** One `ENV` line of all; empty where there are none. A builder expands `$` and has no way to write a line break in a value. */
export function envLine(variables: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(variables).map(([name, value]) => `${name}="${value.replace(/[\\"$]/g, '\\$&')}"`);
  return pairs.length === 0 ? '' : `ENV ${pairs.join(' \\\n    ')}`;
}

/** A `RUN` line of a shell line. One that has line breaks goes as an argument, since a builder would cut it into instructions. */
export function runLine(lines: readonly string[]): string {
  if (lines.some((line) => /\n|\\$/.test(line.trim()))) {
    return `RUN ["/bin/sh", "-euc", ${JSON.stringify(lines.map((line) => line.trim()).join('\n'))}]`;
  }
  return `RUN ${lines.map((line) => line.trim()).join(' \\\n && ')}`;
}

export function joinInstructions(...instructions: readonly (string | readonly string[])[]): string {
  return `${instructions.flat().filter((line) => line !== '').join('\n')}\n`;
}

/** First lines of every layer: the same text for every parent, which is passed as a verified local reference. */
export const fromParent = 'ARG SLIPWAY_PARENT\nFROM ${SLIPWAY_PARENT}\nUSER root';
