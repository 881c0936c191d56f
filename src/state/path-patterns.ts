/** Paths and globs below a folder: a job's artifacts, a release's files. `*` and `?` stay in a folder, `**` crosses folders; a folder means all below it. */
export interface PathPatterns {
  /** Folders or files without a glob in which everything that can match stands; none is below another. `''`: the workspace. */
  readonly bases: readonly string[];
  /** The patterns that take a path: more than one may. */
  matching(path: string): readonly string[];
}

export function pathPatterns(texts: readonly string[]): PathPatterns {
  const patterns = texts.map((text) => {
    const segments = text.split('/').filter((segment) => segment !== '' && segment !== '.');
    const glob = segments.findIndex((segment) => /[*?[{]/.test(segment));
    return { text, base: (glob < 0 ? segments : segments.slice(0, glob)).join('/'), expression: expressionOf(segments) };
  });
  const bases = [...new Set(patterns.map(({ base }) => base))];
  return {
    bases: bases.filter((base) => !bases.some((other) => other !== base && isBelow(base, other))),
    matching: (path) => patterns.filter(({ expression }) => expression.test(path)).map(({ text }) => text),
  };
}

function isBelow(path: string, folder: string): boolean {
  return folder === '' || path.startsWith(`${folder}/`);
}

function expressionOf(segments: readonly string[]): RegExp {
  const parts = segments.map((segment, index) => {
    const last = index === segments.length - 1;
    if (segment === '**') return last ? '.*' : '(?:.*/)?';
    return `${segmentExpression(segment)}${last ? '' : '/'}`;
  });
  // What it names, and all that is in it.
  return new RegExp(`^${parts.join('')}(?:/.*)?$`, 's');
}

/** `[a-z]`, `[!a]`, `{one,two}`, `*`, `?`; all else is itself. */
function segmentExpression(segment: string): string {
  let source = '';
  for (let at = 0; at < segment.length; at++) {
    const char = segment.charAt(at);
    const close = char === '[' ? segment.indexOf(']', at + 2) : char === '{' ? segment.indexOf('}', at) : -1;
    if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (close < 0) source += literal(char);
    else {
      const inside = segment.slice(at + 1, close);
      source += char === '[' ? classOf(inside) : `(?:${inside.split(',').map(segmentExpression).join('|')})`;
      at = close;
    }
  }
  return source;
}

function classOf(inside: string): string {
  const negated = /^[!^]/.test(inside);
  return `[${negated ? '^/' : ''}${inside.slice(negated ? 1 : 0).replace(/[\\\]^[]/g, '\\$&')}]`;
}

function literal(char: string): string {
  return char.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
