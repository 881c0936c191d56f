import { readFileSync } from 'node:fs';
import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import { isMap, isSeq, type Node, parseDocument } from 'yaml';
import { agentSchema } from '../../src/agents/schema.ts';
import { serviceSchema } from '../../src/instances/releases/schema.ts';
import { instanceSchema } from '../../src/instances/schema.ts';
import { configSchema, projectSchema } from '../../src/projects/schema.ts';
import { planSchema } from '../../src/runs/pipeline/plan-schema.ts';
import { pipelineSchema } from '../../src/runs/pipeline/schema.ts';

export const schemaNames = ['project', 'config', 'agent', 'ci', 'service', 'instance'] as const;
export type SchemaName = (typeof schemaNames)[number];

const schemas = { project: projectSchema, config: configSchema, agent: agentSchema, ci: pipelineSchema, service: serviceSchema, instance: instanceSchema };

const titles: Readonly<Record<string, string>> = { agent: 'agents/<name>', instance: 'instances/<name>/config' };

/** The JSON Schema of what a pipeline compiles to, for programs. Its descriptions stand in the schema itself. */
export function renderPlanSchema(): string {
  const schema = toJsonSchema(planSchema, { typeMode: 'input', errorMode: 'throw' });
  return `${JSON.stringify({ $schema: schema.$schema, title: 'The plan of a pipeline: `slipway ci plan --json`', ...schema }, undefined, 2)}\n`;
}

/** The JSON Schema of one kind of file, for editors. What a person reads there are the comments of the example in docs/reference/. */
export function renderSchema(name: SchemaName, root: string): string {
  const schema = toJsonSchema(schemas[name], { typeMode: 'input', errorMode: 'ignore' });
  const example = parseDocument(readFileSync(`${root}/docs/reference/${name}.yml`, 'utf8'));
  describe(schema, example.contents);
  return `${JSON.stringify({ $schema: schema.$schema, title: `Slipway's ${titles[name] ?? name}.yml`, ...schema }, undefined, 2)}\n`;
}

/** Every key that a schema takes, as `mounts[].source`; what people name themselves is `*`. */
export function keysOf(schema: JsonSchema, path = ''): readonly string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => [
    `${path}${key}`,
    ...(typeof value === 'object' ? keysOf(value, `${path}${key}.`) : []),
  ]);
  const items = typeof schema.items === 'object' && !Array.isArray(schema.items) ? keysOf(schema.items, path.replace(/\.$/, '[].')) : [];
  const named = typeof schema.additionalProperties === 'object' ? keysOf(schema.additionalProperties, `${path}*.`) : [];
  const options = (schema.anyOf ?? []).flatMap((option) => (typeof option === 'object' ? keysOf(option, path) : []));
  return [...new Set([...own, ...items, ...named, ...options])];
}

function describe(schema: JsonSchema, example: Node | null | undefined): void {
  for (const option of schema.anyOf ?? []) if (typeof option === 'object') describe(option, example);
  if (isSeq(example) && typeof schema.items === 'object' && !Array.isArray(schema.items)) {
    for (const item of example.items) describe(schema.items, item as Node);
  }
  if (!isMap(example)) return;
  for (const [index, { key, value }] of example.items.entries()) {
    const property = schema.properties?.[String(key)];
    if (typeof property !== 'object') {
      if (typeof schema.additionalProperties === 'object') describe(schema.additionalProperties, value as Node);
      continue;
    }
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
