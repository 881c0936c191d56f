import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * An engine's socket at another path, so that a test can let that engine go away, or another take its place, without touching
 * the engine itself. Counts the requests that pass through.
 */
export class Forwarder {
  readonly path: string;
  /** Request lines, without what is after the path. */
  readonly requests: string[] = [];
  private target: string;
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();

  constructor(path: string, endpoint: string) {
    this.path = path;
    this.target = endpoint.replace(/^unix:\/\//, '');
  }

  get endpoint(): string {
    return `unix://${this.path}`;
  }

  /** From now on new connections lead there. */
  lead(endpoint: string): void {
    this.target = endpoint.replace(/^unix:\/\//, '');
    this.cut();
  }

  async open(): Promise<void> {
    // Half-open: a command's input ends before its output does.
    const server = createServer({ allowHalfOpen: true }, (client) => this.pass(client));
    this.server = server;
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(this.path, resolve));
    chmodSync(this.path, 0o666);
  }

  /** The engine is gone, its socket with it. */
  async close(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.server = undefined;
    this.cut();
    await new Promise((resolve) => server.close(resolve));
    rmSync(this.path, { force: true });
  }

  private pass(client: Socket): void {
    const engine = connect({ path: this.target, allowHalfOpen: true });
    for (const [socket, other] of [
      [client, engine],
      [engine, client],
    ] as const) {
      this.sockets.add(socket);
      socket
        .on('error', () => other.destroy())
        .on('close', () => {
          this.sockets.delete(socket);
          other.destroy();
        });
    }
    // A request line is never split over chunks here: clients write a request's head at once.
    client.on('data', (chunk: Buffer) => {
      const [, line] = /^((?:GET|HEAD|POST|PUT|DELETE) [^ ?]+)/.exec(chunk.toString('latin1')) ?? [];
      if (line !== undefined) this.requests.push(line.replace(/\/v[0-9.]+\//, '/'));
    });
    client.pipe(engine);
    engine.pipe(client);
  }

  private cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}
