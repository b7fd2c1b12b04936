import { connect, createServer, type Server, type Socket } from "node:net";

/** Stands in front of a server, and reads what clients send only when it is told to: a server that has stopped reading. */
export class PausableRelay implements Disposable {
  readonly #sockets = new Set<Socket>();
  #isPaused = false;

  private constructor(private readonly server: Server) {}

  /** @param port of the server, on 127.0.0.1 */
  static async listen(port: number): Promise<PausableRelay> {
    const server = createServer({ pauseOnConnect: true });
    const relay = new PausableRelay(server);
    server.on("connection", (client) => relay.#accept(client, port));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return relay;
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === "object" && address ? address.port : 0;
  }

  /** New connections are accepted, and not read either. */
  pause(): void {
    this.#isPaused = true;
    for (const socket of this.#sockets) socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    for (const socket of this.#sockets) socket.resume();
  }

  [Symbol.dispose](): void {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(client: Socket, port: number): void {
    this.#sockets.add(client);
    const server = connect(port, "127.0.0.1");
    client.on("data", (bytes) => server.write(bytes));
    server.on("data", (bytes) => client.write(bytes));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on("error", () => {});
      one.on("close", () => {
        this.#sockets.delete(client);
        other.destroy();
      });
    }
    if (!this.#isPaused) client.resume();
  }
}
