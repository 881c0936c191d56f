/** A path below a folder; a name in a repository is bytes, not always UTF-8. */
export function bytesBelow(folder: string, path: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), path]);
}
