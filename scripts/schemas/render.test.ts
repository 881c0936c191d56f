import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMap, isSeq, parse, parseDocument } from 'yaml';
import { describe, expect, test } from 'vitest';
import { checkedAgentSchema } from '../../src/agents/schema.ts';
import { checkedServiceSchema } from '../../src/instances/releases/schema.ts';
import { checkedInstanceSchema } from '../../src/instances/schema.ts';
import { checkedConfigSchema, checkedProjectSchema } from '../../src/projects/schema.ts';
import { compile } from '../../src/runs/pipeline/compile.ts';
import { pipelineSchema } from '../../src/runs/pipeline/schema.ts';
import { readYamlDefinition } from '../../src/runs/pipeline/yaml-definition.ts';
import { parseYaml } from '../../src/state/yaml.ts';
import { keysOf, renderPlanSchema, renderSchema, schemaNames } from './render.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const reference = (name: string) => readFileSync(`${root}/docs/reference/${name}.yml`, 'utf8');
const checked = {
  project: checkedProjectSchema('service'),
  config: checkedConfigSchema,
  agent: checkedAgentSchema('example'),
  ci: pipelineSchema,
  service: checkedServiceSchema,
  instance: checkedInstanceSchema,
};

/** What a file has instead of what its example shows: the comment there tells. */
const instead: Readonly<Record<string, RegExp>> = {
  project: /^snippet\.file$|^base\./,
  config: /^base\./,
  service: /^dockerfile$|^health\.(?:command|image|tcp|none)$/,
  instance: /^image$|^health\.(?:command|image|tcp|none)$/,
};

describe.each(schemaNames)('%s', (name) => {
  test('its committed JSON Schema is what `node scripts/schemas.mjs` writes', () => {
    expect(readFileSync(`${root}/schemas/${name}.schema.json`, 'utf8')).toBe(renderSchema(name, root));
  });

  test('its example configuration is valid', async () => {
    await expect(parseYaml(`${name}.yml`, reference(name), checked[name])).resolves.toBeTypeOf('object');
  });

  test('its example shows every setting, and explains it', () => {
    const schema = JSON.parse(renderSchema(name, root));
    const expected = keysOf(schema).filter((key) => !instead[name]?.test(key));
    const shown = exampleKeys(parseDocument(reference(name)).contents, schema);
    expect(expected.filter((key) => !shown.includes(key))).toEqual([]);
    const text = JSON.stringify(schema);
    expect(
      expected.filter((key) => !describedKeys(schema).includes(key)),
      text,
    ).toEqual([]);
  });
});

test('the example of a project shows both kinds of base between them', () => {
  expect(parse(reference('project')).base).toEqual({ bootstrap: 'debian', suite: 'bookworm', packages: ['ca-certificates', 'git'], components: ['main'] });
  expect(parse(reference('config')).base).toBe('ubuntu:24.04');
});

test('the example of a pipeline compiles', () => {
  const { jobs } = compile(readYamlDefinition('docs/reference/ci.yml', reference('ci')), { hasDockerfile: false });
  expect(jobs.map(({ name }) => name)).toEqual(['install', 'test (node=20, database=postgres)', 'test (node=22, database=postgres)', 'publish', 'clean up']);
});

test("the plan's committed JSON Schema is what `node scripts/schemas.mjs` writes", () => {
  expect(readFileSync(`${root}/schemas/plan.schema.json`, 'utf8')).toBe(renderPlanSchema());
});

/** With `*` for what people name themselves, as keysOf. */
function exampleKeys(node: unknown, schema: Described, path = ''): readonly string[] {
  const options = [schema, ...(schema.anyOf ?? [])];
  if (isSeq(node))
    return [...new Set(node.items.flatMap((item) => options.flatMap(({ items }) => (items ? exampleKeys(item, items, path.replace(/\.$/, '[].')) : []))))];
  if (!isMap(node)) return [];
  return node.items.flatMap(({ key, value }) =>
    options.flatMap(({ properties, additionalProperties }) => {
      const known = properties?.[String(key)];
      if (known) return [`${path}${key}`, ...exampleKeys(value, known, `${path}${key}.`)];
      return typeof additionalProperties === 'object' ? exampleKeys(value, additionalProperties, `${path}*.`) : [];
    }),
  );
}

interface Described {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly items?: Described;
  readonly anyOf?: readonly Described[];
  readonly additionalProperties?: Described | boolean;
}

function describedKeys(schema: Described, path = ''): readonly string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => [
    ...(value.description ? [`${path}${key}`] : []),
    ...describedKeys(value, `${path}${key}.`),
  ]);
  return [
    ...own,
    ...(typeof schema.additionalProperties === 'object' ? describedKeys(schema.additionalProperties, `${path}*.`) : []),
    ...(schema.items ? describedKeys(schema.items, path.replace(/\.$/, '[].')) : []),
    ...(schema.anyOf ?? []).flatMap((option) => describedKeys(option, path)),
  ];
}
