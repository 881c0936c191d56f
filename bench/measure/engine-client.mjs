import { Agent, request } from 'node:http';

/**
 * An engine's API over a kept connection from a process that runs already: what its answers take, and nothing else. It shares no
 * code with Slipway.
 */
export class EngineClient {
  #agent = new Agent({ keepAlive: true, maxSockets: 4 });
  #socketPath;

  /** @param {string} endpoint `unix:///path` */
  constructor(endpoint) {
    this.#socketPath = endpoint.replace(/^unix:\/\//, '');
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<any>} the parsed answer; `undefined` where it is empty
   */
  call(method, path, body) {
    return new Promise((resolve, reject) => {
      const asked = this.#request(method, path, body);
      asked.on('error', reject);
      asked.on('response', async (response) => {
        try {
          let text = '';
          for await (const chunk of response.setEncoding('utf8')) text += chunk;
          if ((response.statusCode ?? 0) >= 400) throw new Error(`${method} ${path}: ${response.statusCode} ${text}`);
          resolve(text === '' ? undefined : JSON.parse(text));
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /** Runs a command as `docker exec` does, from create to exit code. @param {string} container @param {readonly string[]} command */
  async exec(container, command) {
    const { Id: id } = await this.call('POST', `/containers/${container}/exec`, { Cmd: command, AttachStdin: true, AttachStdout: true, AttachStderr: true });
    await this.#attach(`/exec/${id}/start`);
    const { ExitCode: code } = await this.call('GET', `/exec/${id}/json`);
    if (code !== 0) throw new Error(`${command.join(' ')} in ${container} ended with ${code}`);
  }

  close() {
    this.#agent.destroy();
  }

  /** Reads an exec's output to its end. @param {string} path @returns {Promise<void>} */
  #attach(path) {
    return new Promise((resolve, reject) => {
      const asked = this.#request('POST', path, { Detach: false, Tty: false }, { Connection: 'Upgrade', Upgrade: 'tcp' });
      asked.on('error', reject);
      asked.on('response', ({ statusCode }) => reject(new Error(`${path}: ${statusCode}`)));
      asked.on('upgrade', (_, socket) => {
        socket.on('error', reject);
        socket.on('close', () => resolve());
        socket.resume();
        socket.end();
      });
    });
  }

  /** @param {string} method @param {string} path @param {unknown} body @param {Record<string, string>} [headers] */
  #request(method, path, body, headers = {}) {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const length = text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) };
    const asked = request({
      socketPath: this.#socketPath,
      agent: this.#agent,
      method,
      path: `${path.startsWith('/libpod/') ? '/v4.0.0' : '/v1.40'}${path}`,
      headers: { ...headers, ...length },
    });
    asked.end(text);
    return asked;
  }
}

/** Docker's `filters` parameter. @param {Record<string, readonly string[]>} by */
export function filters(by) {
  return `filters=${encodeURIComponent(JSON.stringify(by))}`;
}
