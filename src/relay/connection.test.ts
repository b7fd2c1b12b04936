import { afterEach, describe, expect, test } from "bun:test";
import { PausableRelay } from "../../test/support/pausable-relay.ts";
import { until } from "../../test/support/process.ts";
import { rtmpSchema } from "../gateways/rtmp/config.ts";
import { startRtmpGateway } from "../gateways/rtmp/server.ts";
import { silentLog } from "../log.ts";
import { RelayConnection, type RelayConnectionOptions } from "./connection.ts";
import { destinationOf } from "./destination.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** The real RTMP gateway. */
function startServer(listen = "127.0.0.1:0") {
  const paths: string[] = [];
  const gateway = startRtmpGateway({
    config: rtmpSchema.parse({ listen }),
    ingest: {
      publish({ path }) {
        paths.push(path);
        return { write() {}, describe() {}, received() {}, close() {} };
      },
    },
    log: silentLog,
    clock: () => performance.now(),
  });
  closers.push(() => gateway.close());
  return { port: gateway.addresses[0]?.port ?? 0, paths };
}

/** A publish there, in its own time. */
function publishTo(url: string, more: Partial<RelayConnectionOptions> = {}) {
  const state = { now: 1000, isReady: false, failure: undefined as string | undefined };
  const connection = new RelayConnection({
    destination: destinationOf({ url, insecure: false }, { app: "live", name: "test" }),
    via: ["here"],
    agent: "test",
    clock: () => state.now,
    sendTimeout: 60_000,
    onReady: () => (state.isReady = true),
    onClosed: (reason) => (state.failure = reason),
    ...more,
  });
  closers.push(() => connection.close("over"));
  connection.open();
  const settled = () =>
    until("it is settled", 5000, async () => state.isReady || state.failure !== undefined || undefined);
  return { connection, state, settled };
}

describe("a connection to another server", () => {
  test("takes an IPv6 address in brackets", async () => {
    const { port, paths } = startServer("[::1]:0");
    const { settled, state } = publishTo(`rtmp://[::1]:${port}/live/test`);
    await settled();
    expect(state).toMatchObject({ isReady: true, failure: undefined });
    expect(paths).toEqual(["live/test"]);
  });

  test("tries all addresses of a name, and says why none will do", async () => {
    const { port } = startServer();
    const both = publishTo(`rtmp://both.example:${port}/live/test`, { resolve: async () => ["::1", "127.0.0.1"] });
    await both.settled();
    expect(both.state.isReady).toBe(true);
    const wrong = publishTo(`rtmp://both.example:${port}/live/test`, { resolve: async () => ["::1", "127.0.0.2"] });
    await wrong.settled();
    expect(wrong.state.failure).toBe(`no connection to both.example port ${port}: nobody listens there`);
  });

  test("says that there is no such host", async () => {
    const { settled, state } = publishTo("rtmp://naru.invalid/live/test");
    await settled();
    expect(state.failure).toMatch(/no such host|EAI_AGAIN|getaddrinfo/);
  });

  test("gives up a server that accepts and never reads", async () => {
    using server = await PausableRelay.listen(startServer().port);
    server.pause();
    const { connection, state } = publishTo(`rtmp://127.0.0.1:${server.port}/live/test`);
    await until("it is connected", 5000, async () => connection.outbox.sent > 0 || undefined);
    connection.tick((state.now += 9999));
    expect(state.failure).toBeUndefined();
    connection.tick((state.now += 1));
    expect(state.failure).toBe("the server did not let the publish begin (handshake)");
  });

  test("keeps a bounded part for one that stops reading, and gives it up when it is told to", async () => {
    const { port } = startServer();
    using server = await PausableRelay.listen(port);
    const { connection, state, settled } = publishTo(`rtmp://127.0.0.1:${server.port}/live/test`);
    await settled();
    server.pause();
    const { outbox } = connection;
    const owner = {};
    const offered = 64 << 20;
    let refused = 0;
    for (let sent = 0; sent < offered; sent += 1 << 18) {
      if (!outbox.offer(new Uint8Array(1 << 18), owner, 10_000)) refused++;
    }
    expect(refused).toBeGreaterThan(5);
    expect(outbox.isEmpty).toBe(false);
    connection.tick((state.now += 59_999));
    expect(state.failure).toBeUndefined();
    connection.tick((state.now += 1));
    expect(state.failure).toBe("the server has not read what it is sent for 60 s");
  });
});
