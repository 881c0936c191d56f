import { readFileSync, realpathSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { extname, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ScriptMistake } from '../protocol.ts';
import { type BuilderCall, type Import, type Scanned, scan } from './scan.ts';
import { openScript, scriptFile } from './script.ts';
import { isNode } from './syntax.ts';

export interface Modules {
  /** Of all files, by their paths below `.slipway/`. */
  readonly calls: readonly BuilderCall[];
  readonly mistakes: readonly ScriptMistake[];
}

/** Reads ci.ts and every file that it loads, without running any: what they import is judged before. */
export function readModules(folder: string, library: unknown): Modules {
  const parsed: Scanned[] = [];
  let file = '';
  // The parser is Babel's, inside jiti; a plugin is how to see what it parsed.
  const plugin = () => ({
    pre({ ast }: { readonly ast?: unknown }) {
      if (isNode(ast) && isNode(ast['program'])) parsed.push(scan(ast['program'], file));
    },
    visitor: {},
  });
  const jiti = openScript(folder, library, [plugin]);
  const root = join(realpathSync(folder), '.slipway');
  const calls: BuilderCall[] = [];
  const mistakes: ScriptMistake[] = [];
  const seen = new Set<string>();
  const open = [scriptFile(realpathSync(folder))];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path) || extname(path) === '.json') continue;
    seen.add(path);
    file = relative(root, path);
    const code = jiti.transform({ source: readFileSync(path, 'utf8'), filename: path, ts: true, async: true });
    const fault = syntaxFault(code);
    if (fault !== undefined) mistakes.push({ place: { file, line: fault.line, column: fault.column + 1 }, message: fault.message });
    const found = parsed.splice(0);
    calls.push(...found.flatMap((one) => one.calls));
    for (const one of found.flatMap(({ imports }) => imports)) {
      const target = judge(one, path);
      if (typeof target === 'string') open.push(target);
      else if (target !== undefined) mistakes.push(target);
    }
  }
  return { calls, mistakes };

  /** The file to read next, what is wrong, or `undefined` where it is fine as it is. */
  function judge({ specifier, at }: Import, from: string): string | ScriptMistake | undefined {
    if (specifier === undefined) return { place: at, message: 'an import whose name is only known when it runs: expected its name' };
    if (specifier === 'slipway' || isBuiltin(specifier)) return undefined;
    const expected = 'expected `slipway`, a module of Node.js, or a file below .slipway/';
    if (!/^\.{1,2}(?:\/|$)/.test(specifier)) return { place: at, message: `imports \`${specifier}\`: ${expected}` };
    const resolved = jiti.esmResolve(specifier, { parentURL: pathToFileURL(from), try: true });
    if (resolved === undefined) return { place: at, message: `imports \`${specifier}\`, which is not there` };
    const target = realpathSync(new URL(resolved));
    if (!target.startsWith(root + sep)) return { place: at, message: `imports \`${specifier}\`, which is outside of .slipway/: ${expected}` };
    return target;
  }
}

/** jiti turns what cannot be parsed into code that throws. */
function syntaxFault(code: string): { readonly line: number; readonly column: number; readonly message: string } | undefined {
  const json = /^exports\.__JITI_ERROR__ = (\{.*\});?$/s.exec(code.trim())?.[1];
  if (json === undefined) return undefined;
  const { line, column, message } = JSON.parse(json) as { readonly line?: number; readonly column?: number; readonly message?: string };
  return {
    line: line ?? 1,
    column: column ?? 0,
    message:
      (message ?? 'cannot be parsed')
        .replace(/^.*?:\s*(?=\S)/, '')
        .split('\n')[0]
        ?.trim() ?? '',
  };
}
