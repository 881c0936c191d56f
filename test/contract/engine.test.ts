import { describe } from 'vitest';
import { engines } from '../lab.ts';
import { buildContract } from './build.ts';
import { containersContract } from './containers.ts';
import { eventsContract } from './events.ts';
import { execContract } from './exec.ts';
import { factsContract } from './facts.ts';
import { imagesContract } from './images.ts';
import { logsContract } from './logs.ts';
import { resourcesContract } from './resources.ts';
import { serviceContract } from './service.ts';
import { setUp } from './setting.ts';

// One suite, run against Docker, rootful Podman and rootless Podman: what differs between them is said in a test, never skipped.
describe.each(engines)('$name', (engine) => {
  const setting = setUp(engine);
  describe('the service', () => serviceContract(setting));
  describe('containers', () => containersContract(setting));
  describe('exec', () => execContract(setting));
  describe('logs', () => logsContract(setting));
  describe('images', () => imagesContract(setting));
  describe('build', () => buildContract(setting));
  describe('volumes, networks, archives', () => resourcesContract(setting));
  describe('events', () => eventsContract(setting));
  describe('measured facts', () => factsContract(setting));
});
