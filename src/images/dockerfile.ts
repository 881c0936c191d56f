/** One `ENV` line of all; empty where there are none. */
export function envLine(variables: Readonly<Record<string, string>>): string {
  return pairsLine('ENV', variables);
}

/** One `LABEL` line of all: a line each, as a builder makes of its own --label, costs Docker's classic builder a container each. */
export function labelLine(labels: Readonly<Record<string, string>>): string {
  return pairsLine('LABEL', labels);
}

/** A builder expands `$` in a value, and has no way to write a line break in one. */
function pairsLine(instruction: string, pairs: Readonly<Record<string, string>>): string {
  const texts = Object.entries(pairs).map(([name, value]) => `${name}="${value.replace(/[\\"$]/g, '\\$&')}"`);
  return texts.length === 0 ? '' : `${instruction} ${texts.join(` \\\n${' '.repeat(instruction.length + 1)}`)}`;
}

/** A `RUN` line of a shell line. One that has line breaks goes as an argument, since a builder would cut it into instructions. */
export function runLine(lines: readonly string[]): string {
  if (lines.some((line) => /\n|\\$/.test(line.trim()))) {
    return `RUN ["/bin/sh", "-euc", ${JSON.stringify(lines.map((line) => line.trim()).join('\n'))}]`;
  }
  return `RUN ${lines.map((line) => line.trim()).join(' \\\n && ')}`;
}

export function joinInstructions(...instructions: readonly (string | readonly string[])[]): string {
  return `${instructions
    .flat()
    .filter((line) => line !== '')
    .join('\n')}\n`;
}

/** First lines of every layer: the same text for every parent, which is passed as a verified local reference. */
export const fromParent = 'ARG SLIPWAY_PARENT\nFROM ${SLIPWAY_PARENT}\nUSER root';
