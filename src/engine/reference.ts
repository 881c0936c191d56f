import { SlipwayError } from '../errors.ts';

/** `fit:1` of Podman's `localhost/fit:1` and `docker.io/library/fit:1`, `owner/fit:1` of `docker.io/owner/fit:1`: as a person would type it. */
export function shortReference(reference: string): string {
  return reference.replace(/^(localhost\/|docker\.io\/library\/|docker\.io\/)/, '');
}

/** Podman's full name of an image made here: what names no registry belongs to `localhost`, as `podman build -t` has it. */
export function localReference(reference: string): string {
  const [first = ''] = reference.split('/');
  const named = reference.includes('/') && (first.includes('.') || first.includes(':') || first === 'localhost');
  return named ? reference : `localhost/${reference}`;
}

/** Repository and tag apart; the tag defaults to `latest`. A digest stays with the repository and has no tag. */
export function splitReference(reference: string): { readonly repository: string; readonly tag: string } {
  if (reference.includes('@')) return { repository: reference, tag: '' };
  const colon = reference.lastIndexOf(':');
  if (colon <= reference.lastIndexOf('/')) return { repository: reference, tag: 'latest' };
  return { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}

/** A name as part of an API path. An engine resolves `..` and would answer for another resource. */
export function pathPart(name: string): string {
  const parts = name.split('/');
  if (name === '' || parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new SlipwayError('E_BAD_NAME', `"${name}" is not a name that an engine can have`);
  }
  return parts.map((part) => encodeURIComponent(part).replaceAll('%3A', ':').replaceAll('%40', '@')).join('/');
}
