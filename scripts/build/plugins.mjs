import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { transform } from 'esbuild';

/** @typedef {import('esbuild').Plugin} Plugin */

/**
 * Packages that few commands need stand in files of their own: what is not in the program's file costs its start nothing.
 * @param {readonly string[]} packages
 * @returns {Plugin}
 */
export const inOwnFiles = (packages) => outside(packages, (name) => `./${ownFile(name)}.js`);

/**
 * The same for a program that stands beside those files.
 * @param {readonly string[]} packages
 * @returns {Plugin}
 */
export const inSameFolder = (packages) => outside(packages, (name) => `./${ownFile(name).replace('lib/', '')}.js`);

/** @param {readonly string[]} packages @param {(name: string) => string} file @returns {Plugin} */
function outside(packages, file) {
  return {
    name: 'in-own-files',
    setup({ onResolve }) {
      onResolve({ filter: /^[^.]/ }, ({ path, kind }) =>
        kind !== 'entry-point' && packages.includes(path) ? { path: file(path), external: true } : undefined,
      );
    },
  };
}

/** @param {string} name */
export const ownFile = (name) => `lib/${name.replace('@', '').replace('/', '-')}`;

/**
 * commander loads node:child_process for subcommands that are programs of their own, which Slipway has none of: it costs 5 ms of
 * every start.
 * @param {string} importer
 * @returns {Plugin}
 */
export function withoutChildProcess(importer) {
  return {
    name: 'without-child-process',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^node:child_process$/ }, (args) =>
        args.importer.includes(`/node_modules/${importer}/`) ? { path: args.path, namespace: 'nothing' } : undefined,
      );
      onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'module.exports = {};' }));
    },
  };
}

/**
 * Each source file as one function, which V8 looks into when the file is first needed. In a bundle of ES modules every function stands
 * at the top, where it costs each start something, needed or not.
 * @param {Readonly<Record<string, string>>} define
 * @returns {Plugin}
 */
export function asFunctions(define) {
  return {
    name: 'as-functions',
    setup({ onResolve, onLoad }) {
      // Files in a namespace are not held against the package's `"type": "module"`.
      onResolve({ filter: /\.ts$/ }, ({ path, resolveDir }) => ({ path: resolve(resolveDir, path), namespace: 'function' }));
      onLoad({ filter: /.*/, namespace: 'function' }, async ({ path }) => {
        const options = /** @type {const} */ ({ loader: 'ts', format: 'cjs', target: 'node20', supported: { 'dynamic-import': false } });
        const { code } = await transform(await readFile(path, 'utf8'), { ...options, define });
        return { contents: withSharedHelpers(code, path), loader: 'js', resolveDir: dirname(path) };
      });
    },
  };
}

/** What `withSharedHelpers` leaves to the bundle, for its banner. A package of CommonJS is as Node.js has it for an `import`. */
export const sharedHelpers = 'const imported = (found) => ({ __proto__: found, default: found });';

/**
 * esbuild writes 20 lines of helpers into each file that it makes CommonJS of, and a getter for each export. Nothing is exported here
 * that changes later, so a value does, and takes less to make and to read: a function's at the start, for files that need each other.
 * @param {string} code @param {string} path
 */
function withSharedHelpers(code, path) {
  const getters = /__export\(stdin_exports, \{\n([\s\S]*?)\n\}\);\n/;
  const lines = getters.exec(code)?.[1]?.split('\n') ?? [];
  const body = code
    .replace(getters, '')
    .replace(/^[\s\S]*?\nvar stdin_exports = \{\};\n/, '')
    .replace('module.exports = __toCommonJS(stdin_exports);\n', '')
    // Files of this source are what they look like.
    .replaceAll('__toESM(require(".', '(require(".')
    .replaceAll('__toESM(require(', 'imported(require(');
  /** @type {string[]} */
  const early = [];
  /** @type {string[]} */
  const late = [];
  for (const line of lines) {
    const [, name, value] = /^ {2}(\w+): \(\) => ([\w.]+),?$/.exec(line) ?? [];
    if (value === undefined) throw new Error(`${path}: esbuild wrote ${line}, which is not expected`);
    const isFunction = new RegExp(`^(?:async )?function\\*? ${value}\\(`, 'm').test(body);
    (isFunction ? early : late).push(`exports.${name} = ${value};\n`);
  }
  const left = /stdin_exports|__(?:export|toESM|toCommonJS|copyProps|reExport)/.exec(body)?.[0];
  if (left !== undefined) throw new Error(`${path}: esbuild wrote ${left}, which is not expected`);
  return [...early, body, ...late].join('');
}

/** What is loaded when a command is called. @type {Plugin} */
export const withoutLateParts = {
  name: 'without-late-parts',
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ kind, path }) => (kind === 'dynamic-import' ? { path, external: true } : undefined));
  },
};
