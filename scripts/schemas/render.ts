import { readFileSync } from 'node:fs';
import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import { isMap, isSeq, type Node, parseDocument } from 'yaml';
import { agentSchema } from '../../src/agents/schema.ts';
import { configSchema, projectSchema } from '../../src/projects/schema.ts';

export const schemaNames = ['project', 'config', 'agent'] as const;
export type SchemaName = (typeof schemaNames)[number];

const schemas = { project: projectSchema, config: configSchema, agent: agentSchema };

/** The JSON Schema of one kind of file, for editors. What a person reads there are the comments of the example in docs/reference/. */
export function renderSchema(name: SchemaName, root: string): string {
  const schema = toJsonSchema(schemas[name], { typeMode: 'input', errorMode: 'ignore' });
  const example = parseDocument(readFileSync(`${root}/docs/reference/${name}.yml`, 'utf8'));
  describe(schema, example.contents);
  return `${JSON.stringify({ $schema: schema.$schema, title: `Slipway's ${name === 'agent' ? 'agents/<name>' : name}.yml`, ...schema }, undefined, 2)}\n`;
}

/** Every key that a schema takes, as `mounts[].source`. */
export function keysOf(schema: JsonSchema, path = ''): readonly string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => [
    `${path}${key}`,
    ...(typeof value === 'object' ? keysOf(value, `${path}${key}.`) : []),
  ]);
  const items = typeof schema.items === 'object' && !Array.isArray(schema.items) ? keysOf(schema.items, path.replace(/\.$/, '[].')) : [];
  const options = (schema.anyOf ?? []).flatMap((option) => (typeof option === 'object' ? keysOf(option, path) : []));
  return [...new Set([...own, ...items, ...options])];
}

function describe(schema: JsonSchema, example: Node | null | undefined): void {
  for (const option of schema.anyOf ?? []) if (typeof option === 'object') describe(option, example);
  if (isSeq(example) && typeof schema.items === 'object' && !Array.isArray(schema.items)) {
    for (const item of example.items) describe(schema.items, item as Node);
  }
  if (!isMap(example)) return;
  for (const [index, { key, value }] of example.items.entries()) {
    const property = schema.properties?.[String(key)];
    if (typeof property !== 'object') continue;
    // The comment above the first key of a map belongs to the map.
    const comment = (key as Node).commentBefore ?? (index === 0 ? example.commentBefore : undefined);
    if (comment)
      property.description =
        comment
          .split(/\n\n/)
          .at(-1)
          ?.replace(/\s*\n\s*/g, ' ')
          .trim() ?? '';
    describe(property, value as Node);
  }
}
