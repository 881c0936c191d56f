import { request } from 'node:http';

/**
 * What a client sees that asks every 10 ms, each time on a connection of its own: the longest time between two answers, from before
 * `change` until the first answer of the version that it brings.
 * @param {number} port on this machine
 * @param {string} version what the new one answers
 * @param {() => Promise<unknown>} change
 * @returns {Promise<number>} milliseconds
 */
export async function downtimeOf(port, version, change) {
  /** @type {{ at: number, text: string }[]} */
  const answers = [];
  const timer = setInterval(() => {
    ask(port).then(
      (text) => answers.push({ at: performance.now(), text }),
      () => {},
    );
  }, 10);
  try {
    await until(() => answers.length > 20);
    await change();
    await until(() => answers.some(({ text }) => text === version));
  } finally {
    clearInterval(timer);
  }
  const first = answers.findIndex(({ text }) => text === version);
  const last = answers.findLastIndex(({ text }) => text !== version);
  if (last > first) throw new Error(`${answers[last]?.text} answered after ${version} had`);
  return longest(answers.slice(0, first + 1).map(({ at }) => at));
}

/** @param {readonly number[]} times */
export function longest(times) {
  return Math.max(...times.slice(1).map((at, index) => at - Number(times[index])));
}

/** @param {() => boolean} condition */
async function until(condition) {
  for (const limit = performance.now() + 60_000; !condition(); await new Promise((resolve) => setTimeout(resolve, 5))) {
    if (performance.now() > limit) throw new Error('no answer within a minute');
  }
}

/** @param {number} port @returns {Promise<string>} */
export function ask(port) {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, agent: false, timeout: 2_000 }, async (response) => {
      try {
        let text = '';
        for await (const chunk of response.setEncoding('utf8')) text += chunk;
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`status ${response.statusCode}`));
      } catch (error) {
        reject(error);
      }
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', reject);
    asked.end();
  });
}
