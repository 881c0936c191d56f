import { type Document as YamlDocument, isAlias, isMap, isScalar, isSeq, Scalar } from 'yaml';

/** Where a value becomes a text: variables, values of a matrix, words of a command. `*` is any key of a map, `#` any place of a list. */
const texts: readonly string[] = [
  'env.*',
  'jobs.*.env.*',
  'jobs.*.matrix.*.#',
  'jobs.*.steps.#.#',
  'jobs.*.steps.#.run.#',
  'jobs.*.steps.#.env.*',
  'jobs.*.services.*.env.*',
  'jobs.*.services.*.command.#',
  'jobs.*.services.*.health.#',
  'jobs.*.services.*.health.command.#',
];

/** Numbers and `true` stay there as they are written: a matrix with 3.10 means 3.10, not 3.1. */
export function keepAsWritten(document: YamlDocument.Parsed): void {
  for (const pattern of texts) visit(document, document.contents, pattern.split('.'));
}

function visit(document: YamlDocument.Parsed, written: unknown, [head, ...rest]: readonly string[]): void {
  const node = isAlias(written) ? written.resolve(document) : written;
  if (isMap(node) && head !== '#') {
    for (const pair of node.items) {
      if (head !== '*' && !(isScalar(pair.key) && pair.key.value === head)) continue;
      if (rest.length === 0) pair.value = asWritten(document, pair.value);
      else visit(document, pair.value, rest);
    }
  } else if (isSeq(node) && head === '#') {
    for (const [index, item] of node.items.entries()) {
      if (rest.length === 0) node.items[index] = asWritten(document, item);
      else visit(document, item, rest);
    }
  }
}

/** An alias stands for a value that may be a number elsewhere: it is replaced, and what it names stays. */
function asWritten(document: YamlDocument.Parsed, written: unknown): unknown {
  const node = isAlias(written) ? written.resolve(document) : written;
  if (!isScalar(node) || typeof node.source !== 'string' || !['number', 'boolean'].includes(typeof node.value)) return written;
  if (node === written) {
    node.value = node.source;
    return node;
  }
  const text = new Scalar(node.source);
  const range = isAlias(written) ? written.range : undefined;
  if (range) text.range = range;
  return text;
}
