import { dirname, relative, resolve } from 'node:path';
import { build } from 'esbuild';

/** @typedef {import('esbuild').BuildOptions} BuildOptions @typedef {import('esbuild').Plugin} Plugin */

/**
 * Files of the program that few commands need, each with the folders of the source, and the packages, that are in it. All else is in
 * `program`, which every command reads whole.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const parts = {
  instances: ['src/instances/', 'src/cli/instance/', 'src/cli/release/', 'src/cli/service/', 'semver'],
  runs: ['src/runs/', 'src/cli/ci/'],
  parsers: ['valibot', 'yaml'],
};

const main = 'src/main.ts';

/**
 * Writes the program's files into the options' folder. Each is a function that gives a table: what other files need of it, as functions
 * by the names of the source (`src/app/app.ts`, `yaml`). Where a source file names one of another file, it says `runs#src/runs/model.ts`.
 * @param {BuildOptions} options of a bundle without entry points; its plugins are for packages
 * @param {Plugin} sources loads the files of the source
 */
export async function buildParts({ plugins: packages = [], ...options }, sources) {
  const root = options.absWorkingDir ?? '';
  const needed = await neededElsewhere({ ...options, plugins: [...packages, sources] }, root);
  for (const part of ['program', ...Object.keys(parts)]) {
    await build({ ...options, entryPoints: { [part]: part }, plugins: [...packages, table(part, [...(needed.get(part) ?? [])], root), sources] });
  }
}

/** @param {string} name of a package, or a path below the checkout */
function partOf(name) {
  const found = Object.entries(parts).find(([, owned]) => owned.some((one) => (one.endsWith('/') ? name.startsWith(one) : name === one)));
  return found?.[0] ?? 'program';
}

/** @param {BuildOptions} options @param {string} root */
async function neededElsewhere(options, root) {
  /** @type {Map<string, Set<string>>} */
  const needed = new Map([['program', new Set([main])]]);
  const { metafile } = await build({ ...options, entryPoints: [main], write: false, metafile: true });
  for (const [importer, { imports }] of Object.entries(metafile.inputs)) {
    const own = sourceName(importer, root);
    if (own === undefined) continue;
    for (const { path, original = path, external } of imports) {
      const name = sourceName(path, root) ?? original;
      if (external || partOf(name) === partOf(own)) continue;
      needed.set(partOf(name), (needed.get(partOf(name)) ?? new Set()).add(name));
    }
  }
  return needed;
}

/** Of a file of ours, as `asFunctions` has them. @param {string} input @param {string} root */
function sourceName(input, root) {
  return input.startsWith('function:') ? relative(root, input.slice('function:'.length)) : undefined;
}

/** @param {string} part @param {readonly string[]} names @param {string} root @returns {Plugin} */
function table(part, names, root) {
  return {
    name: 'table',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /.*/ }, ({ path, kind, importer, namespace }) => {
        if (kind === 'entry-point') return { path, namespace: 'table' };
        if (namespace !== 'function' || path.startsWith('node:')) return undefined;
        const name = path.startsWith('.') ? relative(root, resolve(dirname(importer), path)) : path;
        return partOf(name) === part ? undefined : { path: `${partOf(name)}#${name}`, external: true };
      });
      onLoad({ filter: /.*/, namespace: 'table' }, () => ({
        contents: `module.exports = {${names.map((name) => `${JSON.stringify(name)}: () => require(${JSON.stringify(name.startsWith('src/') ? `./${name}` : name)})`).join(',')}};`,
        resolveDir: root,
      }));
    },
  };
}
