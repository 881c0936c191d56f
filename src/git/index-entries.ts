/** An entry of git's index, as `ls-files --stage -z` and `ls-tree -r -z` print it. */
export interface IndexEntry {
  /** `100644`, `100755`, `120000` (a link), `160000` (a commit of another repository). */
  readonly mode: string;
  readonly id: string;
  readonly path: Buffer;
}

/** The entries for which `wanted` says so; most of a large tree's never become objects. */
export function selectEntries(output: Buffer, wanted: (mode: number, path: Buffer) => boolean): readonly IndexEntry[] {
  const found: IndexEntry[] = [];
  for (let start = 0; start < output.length; ) {
    const end = output.indexOf(0, start);
    const tab = output.indexOf(tabByte, start);
    const path = output.subarray(tab + 1, end);
    const mode = output.toString('latin1', start, start + modeLength);
    if (wanted(Number(mode), path)) {
      // `mode id stage` of the index, `mode type id` of a tree.
      const [, second = '', third = ''] = output.toString('latin1', start, tab).split(' ');
      found.push({ mode, id: third.length > second.length ? third : second, path });
    }
    start = end + 1;
  }
  return found;
}

export function isGitlink(mode: number): boolean {
  return mode === 160000;
}

/** How `update-index --index-info -z` takes it. */
export function formatEntry({ mode, id, path }: IndexEntry): Buffer {
  return Buffer.concat([Buffer.from(`${mode} ${id}\t`), path, Buffer.from([0])]);
}

/** Takes a path out of the index. */
export function formatRemoval(path: Buffer, idLength: number): Buffer {
  return formatEntry({ mode: '0', id: '0'.repeat(idLength), path });
}

const tabByte = 9;
const modeLength = 6;
