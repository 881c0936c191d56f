import type { Step } from '../operations/model.ts';
import type { InstanceObserved } from './observe.ts';

/** A process is started and stopped by its supervisor alone; these ask it. */
export function processSteps(action: 'start' | 'stop' | 'restart', { config }: Pick<InstanceObserved, 'config'>): readonly Step[] {
  return action === 'restart'
    ? [
        { do: 'instance.process-stop', instance: config.name },
        { do: 'instance.process-start', instance: config.name },
      ]
    : [{ do: `instance.process-${action}`, instance: config.name }];
}
