import type { Socket } from "bun";
import { sleep } from "./process.ts";

export type Behaviour = {
  /** What each connection says at first; nothing when left out. */
  readonly says?: string;
  /** Whether it reads what it gets; one that does not is what a byte per second comes to, by TCP's rules for small windows. */
  readonly reads: boolean;
  /** Said again and again. */
  readonly drips?: { readonly text: string; readonly everyMs: number };
};

/** Many connections to one port that do as they are told, until the end of the scope. */
export class HostileCrowd implements AsyncDisposable {
  readonly #sockets = new Set<Socket<undefined>>();
  #drip: Timer | undefined;
  #received = 0;

  /** Connections that the server has not closed. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Bytes. */
  get received(): number {
    return this.#received;
  }

  /** Opens the connections, a few hundred at a time; those that are refused are not in `open`. */
  static async connect(port: number, count: number, behaviour: Behaviour): Promise<HostileCrowd> {
    const crowd = new HostileCrowd();
    const { says, reads, drips } = behaviour;
    const socket = {
      open(socket: Socket<undefined>) {
        crowd.#sockets.add(socket);
        if (says) socket.write(says);
        if (!reads) socket.pause();
      },
      data(_: Socket<undefined>, bytes: Uint8Array) {
        crowd.#received += bytes.length;
      },
      close(socket: Socket<undefined>) {
        crowd.#sockets.delete(socket);
      },
      error() {},
    };
    for (let opened = 0; opened < count; opened += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, count - opened) }, () =>
        Bun.connect({ hostname: "127.0.0.1", port, socket }).catch(() => undefined),
      );
      await Promise.all(batch);
    }
    if (drips) {
      crowd.#drip = setInterval(() => {
        for (const socket of crowd.#sockets) socket.write(drips.text);
      }, drips.everyMs);
    }
    return crowd;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#drip);
    for (const socket of [...this.#sockets]) socket.terminate();
    await sleep(50);
  }
}

const BATCH = 200;
