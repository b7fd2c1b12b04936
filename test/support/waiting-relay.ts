import type { Socket } from "bun";
import { Outbox } from "./outbox.ts";
import { sleep } from "./process.ts";

type Side = { readonly outbox: Outbox; other: Socket<Side> | undefined };

const TRY_EVERY_MS = 50;

/**
 * Stands in front of a server as a load balancer or a socket of systemd does: whoever connects while the server is down waits
 * instead of being refused. Connections end when the server's end does.
 */
export class WaitingRelay implements Disposable {
  #closed = false;
  readonly #listener;

  constructor(private readonly port: number) {
    this.#listener = Bun.listen<Side>({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        binaryType: "uint8array",
        open: (viewer) => {
          viewer.data = { outbox: new Outbox(), other: undefined };
          void this.#reach(viewer);
        },
        data: (viewer, bytes) => viewer.data.outbox.send(bytes.slice()),
        drain: (viewer) => viewer.data.other?.data.outbox.flush(),
        close: (viewer) => viewer.data.other?.terminate(),
      },
    });
  }

  /** The same address through the relay. */
  through(url: string): string {
    const changed = new URL(url);
    changed.port = `${this.#listener.port}`;
    return changed.href;
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#listener.stop(true);
  }

  async #reach(viewer: Socket<Side>): Promise<void> {
    while (!this.#closed && viewer.readyState > 0) {
      if (await this.#connect(viewer).catch(() => false)) return;
      await sleep(TRY_EVERY_MS);
    }
  }

  async #connect(viewer: Socket<Side>): Promise<boolean> {
    const toViewer = new Outbox();
    toViewer.connect(viewer);
    const server = await Bun.connect<Side>({
      hostname: "127.0.0.1",
      port: this.port,
      data: { outbox: toViewer, other: viewer },
      socket: {
        binaryType: "uint8array",
        data: (_, bytes) => toViewer.send(bytes.slice()),
        drain: () => viewer.data.outbox.flush(),
        close: () => viewer.terminate(),
      },
    });
    viewer.data.other = server;
    viewer.data.outbox.connect(server);
    viewer.data.outbox.flush();
    return true;
  }
}
