import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * A way to a PostgreSQL server that can turn into a black hole, as a firewall that forgot its connections does: bytes
 * vanish, and nobody is told.
 */
export class SilentProxy {
  private readonly sockets = new Set<Socket>();
  /** Connections of an earlier generation than the last silence stay silent. */
  private generation = 0;
  private silent = false;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {
    server.on('connection', (near) => {
      this.join(near);
    });
  }

  public static async before(url: string): Promise<SilentProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SilentProxy(server, new URL(url));
  }

  /** The same database, by way of this proxy. */
  public get url(): string {
    const url = new URL(this.target);
    url.port = String((this.server.address() as AddressInfo).port);
    return url.href;
  }

  /** From now on nothing goes through, on connections old and new. */
  public fallSilent(): void {
    this.silent = true;
    this.generation += 1;
  }

  /** New connections work again; those that fell silent stay so. */
  public heal(): void {
    this.silent = false;
    this.generation += 1;
  }

  public async close(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }

  private join(near: Socket): void {
    const far = connect({ host: this.target.hostname, port: Number(this.target.port) });
    const born = this.generation;
    const works = (): boolean => !this.silent && born === this.generation;
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.on('data', (bytes) => {
        if (works()) to.write(bytes);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        this.sockets.delete(from);
        if (works()) to.destroy();
      });
    }
  }
}
