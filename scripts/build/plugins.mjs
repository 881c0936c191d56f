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
