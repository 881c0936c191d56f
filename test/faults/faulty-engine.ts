import { chmodSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** How an engine can be out of order. `hangs` takes a connection and never answers; `drops` ends it in the middle of an answer. */
export type Fault = 'gone' | 'refuses' | 'hangs' | 'fails' | 'drops';

/**
 * The road to a real engine, which can be out of order: from the start, or from a certain request on. It stands in for nothing:
 * what is answered comes from the engine, or from nobody.
 */
export class FaultyEngine {
  readonly path: string;
  private readonly target: string;
  private server: Server | undefined;
  private fault: Fault | undefined;
  /** When a request's first line matches, the road is closed, before it is handed on or after. */
  private trap: { readonly line: RegExp; readonly when: 'before' | 'after' } | undefined;
  private readonly sockets = new Set<Socket>();

  constructor(path: string, endpoint: string) {
    this.path = path;
    this.target = endpoint.replace(/^unix:\/\//, '');
  }

  get endpoint(): string {
    return `unix://${this.path}`;
  }

  /** The engine as it is. */
  async mend(): Promise<void> {
    this.trap = undefined;
    await this.listen();
    this.fault = undefined;
  }

  async breakDown(fault: Fault): Promise<void> {
    this.trap = undefined;
    await this.listen();
    this.fault = fault;
    this.cut();
    if (fault !== 'gone' && fault !== 'refuses') return;
    // Node takes the socket's file away with the server; a service that was killed leaves it.
    if (fault === 'refuses') renameSync(this.path, `${this.path}.kept`);
    await this.close();
    if (fault === 'refuses') renameSync(`${this.path}.kept`, this.path);
  }

  /** Goes away at the first request that matches, for good. */
  async breakAt(line: RegExp, when: 'before' | 'after'): Promise<void> {
    await this.mend();
    this.trap = { line, when };
  }

  async close(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    this.cut();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  private async listen(): Promise<void> {
    if (this.server !== undefined) return;
    rmSync(this.path, { force: true });
    const server = createServer({ allowHalfOpen: true }, (client) => this.serve(client));
    this.server = server;
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(this.path, resolve));
    chmodSync(this.path, 0o666);
  }

  private serve(client: Socket): void {
    this.keep(client);
    if (this.fault === 'hangs') return;
    if (this.fault === 'fails' || this.fault === 'drops') {
      const dropped = this.fault === 'drops';
      const body = '{"message":"out of order"}';
      client.on('data', () => {
        client.write(
          `HTTP/1.1 ${dropped ? '200 OK' : '500 Internal Server Error'}\r\nContent-Type: application/json\r\nApi-Version: 1.41\r\nContent-Length: ${dropped ? 1000 : body.length}\r\n\r\n${dropped ? '[{"Id":' : body}`,
          () => {
            if (dropped) client.destroy();
          },
        );
      });
      return;
    }
    const engine = connect({ path: this.target, allowHalfOpen: true });
    this.keep(engine);
    client.on('close', () => engine.destroy());
    engine.on('close', () => client.destroy());
    engine.pipe(client);
    client.on('data', (chunk: Buffer) => {
      const line = /^(?:GET|HEAD|POST|PUT|DELETE) [^ ]+/.exec(chunk.toString('latin1'))?.[0];
      const trapped = line !== undefined && this.trap?.line.test(line) ? this.trap : undefined;
      if (trapped?.when === 'before') return void this.breakDown('refuses');
      engine.write(chunk);
      // The engine does what it was asked; nobody hears of it.
      if (trapped?.when === 'after') {
        engine.unpipe(client);
        engine.once('data', () => void this.breakDown('refuses')).resume();
      }
    });
    client.on('end', () => engine.end());
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => {}).on('close', () => this.sockets.delete(socket));
  }

  private cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}
