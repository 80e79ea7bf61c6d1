import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What becomes of the second phase of a commit on its way to a node: it waits for {@link CommitGate.open}, or is cut off. */
type Barrier = 'none' | 'hold' | 'cut';

/** A way to a node of a cluster that can stop the second phase of commits. Its connections must not be encrypted. */
export class CommitGate {
  public barrier: Barrier = 'none';
  private readonly sockets = new Set<Socket>();
  private waiting: (() => void)[] = [];

  private constructor(
    private readonly server: Server,
    private readonly target: { readonly host: string; readonly port: number },
  ) {
    server.on('connection', (near) => {
      this.join(near);
    });
  }

  public static async before(target: { readonly host: string; readonly port: number }): Promise<CommitGate> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new CommitGate(server, target);
  }

  public get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How many messages wait, or have been cut off. */
  public stopped = 0;

  /** Lets everything through. */
  public open(): void {
    this.barrier = 'none';
    for (const send of this.waiting.splice(0)) send();
  }

  public async close(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }

  private join(near: Socket): void {
    const far = connect(this.target);
    near.on('data', (bytes) => {
      if (this.barrier === 'none' || !bytes.includes('COMMIT PREPARED')) {
        far.write(bytes);
        return;
      }
      this.stopped += 1;
      if (this.barrier === 'hold') this.waiting.push(() => far.write(bytes));
      else near.destroy();
    });
    far.on('data', (bytes) => near.write(bytes));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
    }
  }
}
