import { readEnvFile } from '../../instances/env-file.ts';
import { withSecretsFile } from '../../instances/hand-over.ts';
import { readInstance } from '../../instances/store.ts';
import { editEnv } from '../../instances/verbs.ts';
import { change } from '../../operations/change.ts';
import { type Call, formatTable, printPlan, printResult } from '../call.ts';
import { askValue, readVariables } from './secrets.ts';

export async function set(call: Call, name: string, variables: readonly string[]): Promise<void> {
  const { app } = call;
  await readInstance(app.paths, name, app.person.home);
  const values = await readVariables(variables, (variable) => askValue(call, variable));
  const changed = await withSecretsFile(app, values, (file) => change(app, editEnv, { instance: name, unset: [], ...(file === undefined ? {} : { file }) }));
  if (app.dryRun) return printResult(call, { set: Object.keys(values) }, `- Set ${Object.keys(values).join(', ')} in .env of instance ${name}`);
  printResult(call, { id: name, set: Object.keys(values), changed: changed.operation !== undefined }, `${Object.keys(values).join(', ')} of ${name}: set.`);
  sayWhen(call, name);
}

export async function unset(call: Call, name: string, variables: readonly string[]): Promise<void> {
  const changed = await change(call.app, editEnv, { instance: name, unset: variables });
  if (await printPlan(call, changed)) return;
  const gone = variables.filter((variable) => changed.before.names.includes(variable));
  const text = gone.length === 0 ? `${name} has no ${variables.join(', ')} in its .env.` : `${gone.join(', ')} of ${name}: taken away.`;
  printResult(call, { id: name, unset: gone }, text);
  if (gone.length > 0) sayWhen(call, name);
}

export async function list(call: Call, name: string, { reveal }: { readonly reveal?: true | undefined }): Promise<void> {
  const { paths, person } = call.app;
  const { env, requiredSecrets } = await readInstance(paths, name, person.home);
  const secret = await readEnvFile(paths, name);
  const rows = [
    ...Object.entries(secret).map(([key, value]) => ({ name: key, value: reveal ? value.reveal() : '***', source: '.env' })),
    ...Object.entries(env).flatMap(([key, value]) => (key in secret ? [] : [{ name: key, value, source: 'config.yml' }])),
    ...requiredSecrets.filter((key) => secret[key] === undefined).map((key) => ({ name: key, value: null, source: 'missing' })),
  ].sort((a, b) => a.name.localeCompare(b.name));
  const table = formatTable(
    ['name', 'value', 'from'],
    rows.map(({ name: key, value, source }) => [key, (value ?? '').replaceAll('\n', '\\n'), source]),
  );
  printResult(call, rows, rows.length === 0 ? '' : table);
}

function sayWhen(call: Call, name: string): void {
  if (!call.json) call.app.out.note(`The service has it once its container is made anew: \`slipway instance start ${name}\`.`);
}
