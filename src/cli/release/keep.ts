import { InvalidArgumentError } from '@commander-js/extra-typings';

export function parseKeep(text: string): number {
  if (/^[0-9]{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give how many stay, such as 5.');
}
