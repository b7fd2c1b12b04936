import { afterEach, describe, expect, test } from "bun:test";
import { RawPeer } from "../../../test/support/raw-peer.ts";
import { RtmpPlayer } from "../../../test/support/rtmp-player.ts";
import { concat, RtmpScript } from "../../../test/support/rtmp-script.ts";
import { sampleAudio, sampleVideo } from "../../../test/support/sample-tracks.ts";
import { createLog } from "../../log.ts";
import { playSchema } from "../../play/config.ts";
import { PlayFeeds } from "../../play/feeds.ts";
import { MessageType } from "../../protocols/rtmp/message.ts";
import { backupSchema } from "../../streams/config.ts";
import type { Publisher } from "../../streams/publish.ts";
import { StreamRegistry } from "../../streams/registry.ts";
import { rtmpSchema } from "./config.ts";
import { type RtmpGateway, startRtmpGateway } from "./server.ts";

const PATH = "live/test";

/** A gateway on a free port with real streams, that a test writes into. */
class Bench {
  readonly lines: string[] = [];
  readonly gateway: RtmpGateway;
  readonly registry: StreamRegistry;
  readonly #publishers: Publisher[] = [];

  constructor(rtmp: object = {}, play: object = {}) {
    const policy = { live: true, secondPublisher: "refuse", graceMs: 0, backup: backupSchema.parse({}) } as const;
    this.registry = new StreamRegistry({
      policy: () => policy,
      maxStreams: 10,
      onStream: (stream, now) => plays.attach(stream, now),
      onRemoved: () => {},
      onSinkFailure: (_, error) => this.lines.push(`sink failure ${error}`),
    });
    const config = playSchema.parse(play);
    const plays = new PlayFeeds({
      find: (path) => this.registry.get(path),
      policy: (path) => (path.startsWith("live/") ? config : undefined),
      scheduler: { soon: queueMicrotask, later: (work) => setTimeout(work, 5) },
    });
    const write = (line: string) => this.lines.push(line);
    this.gateway = startRtmpGateway({
      config: rtmpSchema.parse({ listen: ["127.0.0.1:0"], ...rtmp }),
      ingest: this.registry,
      plays,
      log: createLog("debug", write, () => new Date(0)),
      clock: () => performance.now(),
    });
  }

  get port(): number {
    return this.gateway.addresses[0]?.port ?? 0;
  }

  get log(): string {
    return this.lines.join("");
  }

  publish(): (frame: number, size: number, key: boolean) => void {
    const request = { path: PATH, protocol: "rtmp", remote: "", query: "", onClosed: () => {} };
    const publisher = this.registry.publish(request, performance.now());
    this.#publishers.push(publisher);
    publisher.write({ type: "tracks", tracks: [sampleVideo, sampleAudio] }, performance.now());
    return (frame, size, key) => {
      const dts = frame * 3000;
      const data = new Uint8Array(size).fill(frame);
      publisher.write({ type: "packet", track: 1, dts, pts: dts, duration: 0, key, data }, performance.now());
    };
  }

  stopPublishing(): void {
    for (const publisher of this.#publishers.splice(0)) publisher.close("left", performance.now());
    this.registry.tick(performance.now());
  }
}

async function until(condition: () => boolean, timeoutMs = 5000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error("it did not come to pass");
    await Bun.sleep(5);
  }
}

let bench: Bench | undefined;
afterEach(async () => {
  bench?.stopPublishing();
  await bench?.gateway.close();
  bench = undefined;
});
const start = (rtmp?: object, play?: object) => {
  bench = new Bench(rtmp, play);
  return bench;
};

/** Asks to play, and reads the answers as they come. */
async function ask(port: number, name = "test"): Promise<{ peer: RawPeer; codes(): Promise<string[]> }> {
  const peer = await RawPeer.connect(port);
  const script = new RtmpScript();
  peer.write(
    concat([
      script.handshake(),
      script.connect(),
      script.command(0, "createStream", 2, null),
      script.command(1, "play", 3, null, name, -2),
    ]),
  );
  const codes = async () => {
    const reader = new RtmpScript();
    const commands = reader.readCommands(await peer.receive(3500));
    return commands.flatMap(({ name, args }) =>
      name === "onStatus" ? [String((args[0] as { code?: unknown }).code).replace("NetStream.Play.", "")] : [],
    );
  };
  return { peer, codes };
}

describe("playing", () => {
  test("is logged twice, with what it was", async () => {
    const { port, publish } = start();
    const write = bench?.publish() ?? publish();
    write(0, 1000, true);
    let frames = 0;
    const player = new RtmpPlayer({ port, app: "live", name: "test" }, ({ type }) => {
      if (type === MessageType.video) frames++;
    });
    await until(() => frames === 2);
    write(1, 1000, false);
    await until(() => frames === 3);
    player.close();
    await until(() => bench?.log.includes("play ended") === true);
    expect(bench?.log).toContain("INFO  play started path=live/test remote=127.0.0.1:");
    expect(bench?.log).toMatch(/INFO {2}play ended .*reason="the player closed the connection" seconds=.* bytes=\d{4}/);
    expect(bench?.registry.get(PATH)?.readers).toBe(0);
  });

  test("waits for a stream that nobody publishes yet", async () => {
    const { port } = start();
    const { peer, codes } = await ask(port);
    expect(await codes()).toEqual(["Reset", "Start"]);
    expect(peer.isClosed).toBe(false);
    peer[Symbol.dispose]();
  });

  test("does not wait where it may not, and ends with the encoder", async () => {
    const { port } = start({}, { waitForPublisher: false });
    const { peer, codes } = await ask(port);
    expect(await codes()).toEqual(["StreamNotFound"]);
    expect(await peer.closedWithin(3000)).toBeDefined();
    bench?.publish()(0, 10, true);
    const other = await ask(port);
    expect(await other.codes()).toEqual(["Reset", "Start"]);
    bench?.stopPublishing();
    expect(await other.peer.closedWithin(3000)).toBeDefined();
    expect(await other.codes()).toEqual(["Reset", "Start", "Stop"]);
  });

  test("tells of the encoder where it shall", async () => {
    const { port } = start({}, { publishNotify: true, startOnPublish: true });
    const { peer, codes } = await ask(port);
    expect(await codes()).toEqual(["Reset"]);
    bench?.publish()(0, 10, true);
    await peer.receive(3900);
    bench?.stopPublishing();
    await until(() => bench?.registry.get(PATH) === undefined);
    await Bun.sleep(50);
    expect(await codes()).toEqual(["Reset", "Start", "PublishNotify", "Stop", "UnpublishNotify"]);
    peer[Symbol.dispose]();
  });

  test("is refused for an application that is not played", async () => {
    const { port } = start();
    const peer = await RawPeer.connect(port);
    const script = new RtmpScript();
    const connect = script.connect({ app: "private", tcUrl: "rtmp://host/private" });
    peer.write(concat([script.handshake(), connect, script.command(1, "play", 3, null, "test")]));
    expect(await peer.closedWithin(3000)).toBeDefined();
    expect(bench?.log).toContain("play refused path=private/test");
  });

  test("a player that reads nothing is dropped frames, then closed; the others and memory do not notice", async () => {
    const { port } = start({ sendTimeout: "1500ms" }, { maxDelay: "500ms" });
    const write = bench?.publish();
    const frames: number[] = [];
    const good = new RtmpPlayer({ port, app: "live", name: "test" }, ({ type, body }) => {
      if (type === MessageType.video && body[1] === 1) frames.push(body[5] as number);
    });
    const stuck = Array.from({ length: 5 }, () => new RtmpPlayer({ port, app: "live", name: "test" }));
    await until(() => (bench?.log.match(/play started/g)?.length ?? 0) === 6);
    for (const player of stuck) player.stick();
    const before = process.memoryUsage().arrayBuffers;
    let sent = 0;
    const closed = () => bench?.log.match(/play ended .*dropped=\d+/g)?.length === stuck.length;
    for (const end = performance.now() + 15_000; !closed() && performance.now() < end; ) {
      write?.(sent, 200_000, sent % 10 === 0);
      sent++;
      await Bun.sleep(10);
    }
    expect(closed()).toBe(true);
    expect(bench?.log).toContain("has not read what it is sent for 1.5 s");
    expect(bench?.log.match(/a player is too slow/g)?.length).toBe(stuck.length);
    await until(() => frames.length === sent);
    expect(frames).toEqual(Array.from({ length: sent }, (_, n) => n & 0xff));
    // Five queues of what came meanwhile would be hundreds of megabytes.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 << 20);
    good.close();
  }, 25_000);
});
