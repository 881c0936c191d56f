import { IMAGE_NAME } from '../../instances/service/constants.ts';
import { buildServiceImage } from '../../instances/service/image-build.ts';
import { type Call, printPlan, printResult } from '../call.ts';

export async function buildService(call: Call, flags: { readonly fullRebuild?: true | undefined }): Promise<void> {
  const started = Date.now();
  const changed = await buildServiceImage(call.app, { fullRebuild: flags.fullRebuild ?? false });
  if (await printPlan(call, changed)) return;
  const image = await (await call.app.engine()).images.inspect(IMAGE_NAME);
  const upToDate = changed.plan.steps.length === 0;
  const text = upToDate ? `Nothing to do: ${IMAGE_NAME} is up to date.` : `Built ${IMAGE_NAME} in ${Math.round((Date.now() - started) / 1000)} s.`;
  printResult(call, { id: image?.id ?? null, name: IMAGE_NAME, up_to_date: upToDate }, text);
}
