import { SlipwayError } from '../errors.ts';
import { shellWord } from './shell-word.ts';

/** What git said, without advice: the last lines, fit for a terminal. */
export function complaint(stderr: string): string {
  return (
    stderr
      .split(/[\r\n]+/)
      .filter((line) => line !== '' && !/^(hint|warning):/.test(line))
      .slice(-6)
      .join('\n')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced.
      .replace(/[\x00-\x09\x0b-\x1f\x7f]/g, '?')
  );
}

/** Why a tree cannot be read or laid out, told apart by what can be done about it. */
export function treeError(commit: string, top: string, stderr: string): SlipwayError {
  const detail = complaint(stderr);
  if (isFull(stderr)) {
    return new SlipwayError('E_DISK_FULL', `No space left for the files of commit ${short(commit)}.`, {
      detail,
      hint: 'Free some space and run the command again; what had been written is removed.',
    });
  }
  if (/[Ii]nvalid path '/.test(stderr) || /malformed (mode|tree)|empty filename in tree|too-short tree|duplicateEntries|fsck/.test(stderr)) {
    return new SlipwayError('E_BAD_TREE', `Commit ${short(commit)} holds names that git refuses to write.`, {
      detail,
      hint: 'Such a commit was not made by git itself. Test another one.',
    });
  }
  if (/unable to create|cannot create|cannot mkdir|too long|already exists/i.test(stderr)) {
    return new SlipwayError('E_LAY_OUT', `Not every file of commit ${short(commit)} can be written here.`, {
      detail,
      hint: 'The file system of the cache directory does not take it: set SLIPWAY_CACHE_DIR to a folder on another one.',
    });
  }
  return new SlipwayError('E_OBJECT_MISSING', `Not everything of commit ${short(commit)} is in ${top}.`, {
    detail,
    hint: `\`git -C ${shellWord(top)} fsck\` tells what is broken. In a partial clone \`git -C ${shellWord(top)} archive -o /dev/null ${commit}\` fetches what is missing.`,
  });
}

/** Git names no reason where a write of its own fails half-way. */
export function isFull(stderr: string): boolean {
  return /No space left on device|Disk quota exceeded|unable to write (file|new index file)/.test(stderr);
}

export function short(commit: string): string {
  return commit.slice(0, 12);
}
