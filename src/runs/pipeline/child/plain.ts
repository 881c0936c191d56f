import type { Json } from '../../../operations/model.ts';

export interface NotPlain {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A value as JSON. What is none, such as a function, is left out and told. `known` may turn an object into something else. */
export function plain(value: unknown, known: (value: object) => Json | undefined, notPlain: (found: NotPlain) => void): Json {
  const open = new Set<object>();
  const visit = (one: unknown, path: readonly (string | number)[]): Json | undefined => {
    const tell = (what: string) => {
      notPlain({ path, message: `is ${what}: expected data` });
      return undefined;
    };
    if (one === null || typeof one === 'string' || typeof one === 'boolean') return one;
    if (typeof one === 'number') return Number.isFinite(one) ? one : tell(`${one}`);
    if (typeof one === 'undefined') return undefined;
    if (typeof one !== 'object') return tell(one instanceof Function ? 'a function' : `a ${typeof one}`);
    const meant = known(one);
    if (meant !== undefined) return meant;
    if (open.has(one)) return tell('inside itself');
    open.add(one);
    const made = Array.isArray(one) ? one.map((item: unknown, index) => visit(item, [...path, index]) ?? null) : fields(one, path);
    open.delete(one);
    return made;
  };
  const fields = (one: object, path: readonly (string | number)[]): Json | undefined => {
    const prototype: unknown = Object.getPrototypeOf(one);
    // Another realm's plain object has another Object.prototype.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      notPlain({ path, message: `is a ${one.constructor.name}: expected data` });
      return undefined;
    }
    const entries = Object.entries(one).map(([key, item]) => [key, visit(item, [...path, key])] as const);
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
  };
  return visit(value, []) ?? null;
}
