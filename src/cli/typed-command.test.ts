import { expect, test } from 'vitest';
import { typedCommand } from './typed-command.ts';

test.each([
  [['instance', 'create', 'web', '--env', 'TOKEN=hidden word', '-e', 'A=1', '--port', '8081'], 'instance create web --env TOKEN=*** -e A=*** --port 8081'],
  [['instance', 'create', 'web', '--env=TOKEN=hidden', '-eA=hidden'], 'instance create web --env=TOKEN=*** -eA=***'],
  [['instance', 'env', 'set', 'web', 'TOKEN=hid\nden', 'OTHER'], 'instance env set web TOKEN=*** OTHER'],
  [['image', 'list', '--engine=unix:///x'], 'image list --engine=unix:///x'],
])('%j', (argv, expected) => expect(typedCommand(argv)).toBe(expected));
