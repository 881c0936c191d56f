import * as v from 'valibot';
import type { Json } from '../../operations/model.ts';
import type { PlaceTree } from './protocol.ts';

/** What the process of a ci.ts says is somebody's code talking: it is taken apart strictly. */

const place = v.object({ file: v.string(), line: v.number(), column: v.number() });

const places: v.GenericSchema<PlaceTree> = v.object({
  at: place,
  keys: v.exactOptional(v.record(v.string(), v.object({ at: place, value: v.lazy(() => places) }))),
  items: v.exactOptional(v.array(v.nullable(v.lazy(() => places)))),
});

/** It came as JSON. */
const json = v.custom<Json>(() => true);

const mistakes = v.array(v.object({ place: v.exactOptional(place), message: v.string() }));

const described = v.object({
  say: v.literal('described'),
  script: v.object({
    settings: json,
    jobs: v.array(v.object({ name: v.string(), settings: json, isFunction: v.boolean(), at: v.exactOptional(place), places: v.exactOptional(places) })),
    places: v.exactOptional(places),
    mistakes,
  }),
});

const sh = v.object({
  command: v.union([v.string(), v.array(v.string())]),
  options: v.object({
    cwd: v.exactOptional(v.string()),
    env: v.exactOptional(v.record(v.string(), v.string())),
    timeoutSeconds: v.exactOptional(v.number()),
  }),
});

const end = v.variant('kind', [
  v.object({ kind: v.literal('returned'), output: json }),
  v.object({ kind: v.literal('skipped'), reason: v.string() }),
  v.object({ kind: v.literal('threw'), message: v.string(), exit: v.exactOptional(v.number()) }),
]);

export const describing = v.variant('say', [described, v.object({ say: v.literal('broken'), mistakes })]);

export const running = v.union([
  v.object({ say: v.literal('call'), call: v.number(), sh }),
  v.object({ say: v.literal('call'), call: v.number(), secret: v.string() }),
  v.object({ say: v.literal('end'), end }),
]);
