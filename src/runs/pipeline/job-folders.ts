/**
 * A folder's name for each job: its name in small letters, digits and dashes, so that it is one folder on every file system.
 * Two that come out the same are counted.
 */
export function jobFolders(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  return new Map(
    names.map((name) => {
      const plain =
        name
          .toLowerCase()
          .replace(/[^a-z0-9_]+/g, '-')
          .replace(/^-+|-+$/g, '')
          .slice(0, 60)
          .replace(/-+$/, '') || 'job';
      let folder = plain;
      for (let count = 2; taken.has(folder); count++) folder = `${plain}-${count}`;
      taken.add(folder);
      return [name, folder];
    }),
  );
}
