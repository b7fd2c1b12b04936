import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RawPeer } from "../../../test/support/raw-peer.ts";
import { concat, RtmpScript } from "../../../test/support/rtmp-script.ts";
import { createLog } from "../../log.ts";
import type { MediaEvent } from "../../media/event.ts";
import { type Ingest, PublishRefusedError, type PublishRequest } from "../../streams/publish.ts";
import { ListenError } from "../listen.ts";
import { rtmpSchema } from "./config.ts";
import { type RtmpGateway, startRtmpGateway } from "./server.ts";

type Published = {
  readonly request: PublishRequest;
  readonly events: MediaEvent[];
  readonly metadata: unknown[];
  bytes: number;
  closed: string | undefined;
};

/** A gateway on a free port, with streams that only remember. */
class Bench implements AsyncDisposable {
  readonly published: Published[] = [];
  readonly lines: string[] = [];
  /** Thrown by the next publish. */
  refusal: Error | undefined;
  /** Thrown by the next write. */
  fault: Error | undefined;
  readonly gateway: RtmpGateway;

  constructor(config: Record<string, unknown> = {}) {
    const ingest: Ingest = {
      publish: (request) => {
        if (this.refusal) throw this.refusal;
        const published: Published = { request, events: [], metadata: [], bytes: 0, closed: undefined };
        this.published.push(published);
        return {
          write: (event) => {
            if (this.fault) throw this.fault;
            published.events.push(event);
          },
          describe: (metadata) => published.metadata.push(metadata),
          received: (bytes) => {
            published.bytes += bytes;
          },
          close: (reason) => {
            published.closed ??= reason;
          },
        };
      },
    };
    this.gateway = startRtmpGateway({
      config: rtmpSchema.parse({ listen: ["127.0.0.1:0"], ...config }),
      ingest,
      log: createLog(
        "debug",
        (line) => this.lines.push(line),
        () => new Date(0),
      ),
      clock: () => performance.now(),
    });
  }

  get port(): number {
    return this.gateway.addresses[0]?.port ?? 0;
  }

  get log(): string {
    return this.lines.join("");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.gateway.close();
  }
}

async function until(condition: () => boolean, timeoutMs = 3000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error("it did not come to pass");
    await Bun.sleep(5);
  }
}

const capture = readFileSync(join(import.meta.dir, "../../../test/fixtures/rtmp/ffmpeg-5.1-h264-aac.bin"));

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.gateway.close();
  bench = undefined;
});
const start = (config?: Record<string, unknown>) => {
  bench = new Bench(config);
  return bench;
};

describe("a publish", () => {
  test("carries its media, metadata and bytes into the stream, and is logged twice", async () => {
    const { published, port, lines } = start();
    const peer = await RawPeer.connect(port);
    peer.write(capture);
    await until(() => (published[0]?.events.length ?? 0) >= 16);
    const first = published[0] as Published;
    expect(first.request).toMatchObject({
      path: "live/ff",
      query: "tok=ab",
      protocol: "rtmp",
      agent: "FMLE/3.0 (compatible; Lavf59.27.100)",
    });
    expect(first.events[0]?.type).toBe("tracks");
    expect(first.metadata).toMatchObject([{ width: 640 }]);
    peer[Symbol.dispose]();
    await until(() => first.closed !== undefined);
    expect(first.closed).toBe("the encoder closed the connection");
    expect(first.bytes).toBeGreaterThan(28_000);
    expect(lines.length).toBe(2);
    expect(lines[0]).toContain("INFO  publish started path=live/ff remote=127.0.0.1:");
    expect(lines[0]).toContain('encoder=Lavf59.27.100 codecs="avc1.64001E 640x360, mp4a.40.2 48000 Hz 1 ch"');
    expect(lines[1]).toContain("INFO  publish ended path=live/ff");
    expect(lines.join("")).not.toContain("tok=");
  });

  test("that is refused reads why, before the connection is closed", async () => {
    const bench = start();
    bench.refusal = new PublishRefusedError("already-publishing", "somebody else is live");
    using peer = await RawPeer.connect(bench.port);
    const script = new RtmpScript();
    peer.write(script.publish());
    expect(await peer.closedWithin(3000)).toBeDefined();
    const last = script.readCommands(await peer.receive(3073)).at(-1);
    expect(last?.args[0]).toEqual({
      level: "error",
      code: "NetStream.Publish.BadName",
      description: "somebody else is live",
    });
    expect(bench.log).toContain("publish refused path=live/key");
  });

  test("that goes on sending after a refusal still reads why", async () => {
    const bench = start();
    bench.refusal = new PublishRefusedError("denied", "no");
    using peer = await RawPeer.connect(bench.port);
    const script = new RtmpScript();
    peer.write(script.publish());
    const media = script.message(9, 1, 0, new Uint8Array(100_000));
    for (let i = 0; i < 10 && !peer.isClosed; i++) {
      peer.write(media);
      await Bun.sleep(10);
    }
    expect(await peer.closedWithin(3000)).toBeDefined();
    expect(script.readCommands(await peer.receive(3073)).at(-1)?.args[0]).toMatchObject({ description: "no" });
  });

  test("that the server ends is told so and closed", async () => {
    const bench = start();
    using peer = await RawPeer.connect(bench.port);
    const script = new RtmpScript();
    peer.write(script.publish());
    await until(() => bench.published.length === 1);
    bench.published[0]?.request.onClosed("taken over by another encoder");
    expect(await peer.closedWithin(3000)).toBeDefined();
    expect(script.readCommands(await peer.receive(3073)).at(-1)?.args[0]).toMatchObject({
      level: "error",
      description: "taken over by another encoder",
    });
    expect(bench.published[0]?.closed).toBe("taken over by another encoder");
  });

  test("with faults in its media goes on, and the faults are counted", async () => {
    const bench = start();
    using peer = await RawPeer.connect(bench.port);
    const script = new RtmpScript();
    peer.write(script.publish());
    await until(() => bench.published.length === 1);
    for (let i = 0; i < 5; i++) peer.write(script.message(9, 1, i, Uint8Array.of(0x17)));
    peer.write(script.command(0, "deleteStream", 0, null, 1));
    await until(() => bench.published[0]?.closed !== undefined);
    expect(bench.lines.filter((line) => line.includes("malformed")).length).toBe(1);
    expect(bench.log).toContain("skipped=5");
  });

  test("that hits a mistake of ours ends, and the one beside it does not notice", async () => {
    const bench = start();
    using beside = await RawPeer.connect(bench.port);
    const script = new RtmpScript();
    beside.write(script.publish("beside"));
    await until(() => bench.published.length === 1);
    bench.fault = new TypeError("ours");
    using peer = await RawPeer.connect(bench.port);
    peer.write(capture);
    expect(await peer.closedWithin(3000)).toBeDefined();
    expect(bench.log).toContain("ERROR internal error in an RTMP session");
    expect(bench.published[1]?.closed).toBe("internal error");
    bench.fault = undefined;
    const before = bench.published[0]?.bytes ?? 0;
    beside.write(script.message(9, 1, 0, Uint8Array.of(0x57, 0)));
    await until(() => (bench.published[0]?.bytes ?? 0) > before);
    expect(bench.published[0]?.closed).toBeUndefined();
  });
});

describe("bad peers", () => {
  test("HTTP gets an answer it understands", async () => {
    const bench = start();
    const response = await fetch(`http://127.0.0.1:${bench.port}/`);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("RTMP");
    expect(bench.log).toContain('reason="the peer speaks HTTP to an RTMP port"');
  });

  test("TLS is named", async () => {
    const bench = start();
    using peer = await RawPeer.connect(bench.port);
    peer.write(Buffer.from("16030100c8010000c40303", "hex"));
    expect(await peer.closedWithin(3000)).toBeDefined();
    expect(bench.log).toContain("TLS");
  });

  test("silence, and a byte now and then, end at the deadline", async () => {
    const bench = start({ handshakeTimeout: 0.4 });
    using silent = await RawPeer.connect(bench.port);
    using slow = await RawPeer.connect(bench.port);
    slow.write(Buffer.of(3));
    const drip = setInterval(() => slow.write(Buffer.of(0)), 50);
    const times = await Promise.all([silent.closedWithin(3000), slow.closedWithin(3000)]);
    clearInterval(drip);
    for (const time of times) expect(time).toBeDefined();
  });

  test("a publisher that falls silent is closed", async () => {
    const bench = start({ idleTimeout: 0.4 });
    using peer = await RawPeer.connect(bench.port);
    peer.write(new RtmpScript().publish());
    expect(await peer.closedWithin(3000)).toBeDefined();
    expect(bench.published[0]?.closed).toBe("nothing sent for 0.4 s");
  });

  test("one that never reads is closed, and costs no more than a bit", async () => {
    const bench = start();
    const script = new RtmpScript();
    const pings = concat(
      Array.from({ length: 5000 }, () => script.message(4, 0, 0, Uint8Array.of(0, 6, 0, 0, 0, 0), 2)),
    );
    let closed = false;
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: bench.port,
      socket: {
        data() {},
        close() {
          closed = true;
        },
      },
    });
    socket.pause();
    socket.write(concat([script.handshake(), script.connect()]));
    for (let i = 0; i < 400 && !closed && bench.gateway.connections > 0; i++) {
      socket.write(pings);
      await Bun.sleep(1);
    }
    await until(() => bench.gateway.connections === 0 || bench.gateway.connections === 1);
    socket.terminate();
    expect(bench.log).toContain("does not read");
  }, 15_000);

  test("connections have a limit", async () => {
    const bench = start({ maxConnections: 2 });
    const peers = [await RawPeer.connect(bench.port), await RawPeer.connect(bench.port)];
    await until(() => bench.gateway.connections === 2);
    using third = await RawPeer.connect(bench.port);
    expect(await third.closedWithin(3000)).toBeDefined();
    expect(bench.gateway.connections).toBe(2);
    for (const peer of peers) peer[Symbol.dispose]();
    await until(() => bench.gateway.connections === 0);
    using fourth = await RawPeer.connect(bench.port);
    await until(() => bench.gateway.connections === 1);
    expect(fourth.isClosed).toBe(false);
  });
});

describe("listening", () => {
  test("a port that is taken is named, with what to do", () => {
    const { port } = start();
    let error: unknown;
    try {
      new Bench({ listen: ["127.0.0.1:0", `127.0.0.1:${port}`] });
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ListenError);
    expect((error as ListenError).message).toContain(`127.0.0.1:${port}`);
    expect((error as ListenError).hint).toContain("rtmp.listen");
  });

  test("without an address there is nothing to listen on", async () => {
    const { gateway } = start({ listen: [] });
    expect(gateway.addresses).toEqual([]);
  });

  test("IPv4 and IPv6 reach the default address", async () => {
    const bench = start({ listen: ["0"] });
    for (const host of ["127.0.0.1", "[::1]"]) {
      const answer = await fetch(`http://${host}:${bench.port}/`);
      expect(answer.status).toBe(400);
    }
    expect(bench.log).toMatch(/remote=127\.0\.0\.1:\d+.*\n.*remote=\[::1\]:\d+/);
  });

  test("closing ends every session and frees the port", async () => {
    const bench = start();
    using peer = await RawPeer.connect(bench.port);
    peer.write(new RtmpScript().publish());
    await until(() => bench.published.length === 1);
    const { port } = bench;
    await Promise.all([bench.gateway.close(), bench.gateway.close()]);
    expect(bench.published[0]?.closed).toBe("the server shuts down");
    expect(await peer.closedWithin(1000)).toBeDefined();
    await using again = new Bench({ listen: [`127.0.0.1:${port}`] });
    expect(again.port).toBe(port);
  });
});
