import { createHash } from 'node:crypto';
import type { Parts } from './model.ts';

/** Hash of a named input; short, since all of a layer's stand in one label. */
export function partHash(...content: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
}

const words: Readonly<Record<string, string>> = {
  base: 'base image',
  packages: 'package list',
  user: 'user set-up',
  entry: 'entry scripts',
  'host-ca': "host's certificates",
  node: 'Node.js set-up',
  env: 'env',
  repository: 'repository',
  branch: 'branch',
  snippet: 'snippet',
};

/** Why two recipes of a layer differ, apart from what lies below; empty where no named input does. */
export function diffParts(before: Parts, now: Parts): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((name) => before[name] !== now[name]);
  return names.flatMap((name) => {
    const how = before[name] === undefined ? 'added' : now[name] === undefined ? 'removed' : 'changed';
    if (name.startsWith('agent:')) return [`agent ${name.slice('agent:'.length)} ${how}`];
    if (name === 'refresh') return ['refreshed by a later build'];
    // An agent more or less changes the order too, and is the better word for it.
    if (name === 'order') return names.some((other) => other.startsWith('agent:')) ? [] : ['order of agents changed'];
    return [`${words[name] ?? name} changed`];
  });
}
