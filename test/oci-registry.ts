import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

/** An image registry on loopback that has one image of one layer: as much of the OCI distribution protocol as a pull asks for. */
export class OciRegistry {
  readonly address: string;
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** `layer`: the root file system, a plain tar. The image answers to every name and tag. */
  static async start(layer: Buffer): Promise<OciRegistry> {
    const blobs = new Map<string, Buffer>();
    const add = (blob: Buffer) => {
      const digest = `sha256:${createHash('sha256').update(blob).digest('hex')}`;
      blobs.set(digest, blob);
      return { digest, size: blob.length };
    };
    const diff = `sha256:${createHash('sha256').update(layer).digest('hex')}`;
    const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
    const config = { architecture, os: 'linux', config: { Cmd: ['/bin/sh'] }, rootfs: { type: 'layers', diff_ids: [diff] }, history: [{ created_by: 'test' }] };
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestType,
        config: { mediaType: 'application/vnd.docker.container.image.v1+json', ...add(Buffer.from(JSON.stringify(config))) },
        layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', ...add(gzipSync(layer)) }],
      }),
    );
    const server = createServer(({ url = '' }, response) => {
      response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0');
      if (/^\/v2\/?$/.test(url)) return void response.end('{}');
      const blob = blobs.get(/\/blobs\/(sha256:[0-9a-f]+)$/.exec(url)?.[1] ?? '');
      const body = /\/manifests\//.test(url) ? manifest : blob;
      if (body === undefined) return void response.writeHead(404).end();
      const type = body === manifest ? manifestType : 'application/octet-stream';
      const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
      response.writeHead(200, { 'Content-Type': type, 'Content-Length': body.length, 'Docker-Content-Digest': digest }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new OciRegistry(server);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';
