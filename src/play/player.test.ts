import { describe, expect, test } from "bun:test";
import { sampleAudio, sampleVideo } from "../../test/support/sample-tracks.ts";
import type { FlvMessage } from "../formats/flv/muxer.ts";
import type { MediaEvent, Packet } from "../media/event.ts";
import type { Track } from "../media/track.ts";
import { ChunkReader } from "../protocols/rtmp/chunk-reader.ts";
import type { RtmpMessage } from "../protocols/rtmp/message.ts";
import { PlayChunks } from "../protocols/rtmp/play-chunks.ts";
import { Stream } from "../streams/stream.ts";
import { type PlayConfig, playSchema } from "./config.ts";
import { PlayFeeds } from "./feeds.ts";
import { Player } from "./player.ts";

const PATH = "live/test";
/** Of frames of any length, so that the timeline leaves their times alone. */
const audioTrack = { ...sampleAudio, config: { ...sampleAudio.config, samplesPerPacket: 0 } };
const TRACKS = [sampleVideo, audioTrack];

/** A stream with an encoder, and players whose bytes are read as a real player reads them. */
class Bench {
  config: PlayConfig = playSchema.parse({});
  stream: Stream | undefined;
  readonly feeds = new PlayFeeds({
    find: (path) => (path === PATH ? this.stream : undefined),
    policy: () => this.config,
    scheduler: { soon: (work) => this.#due.push(work), later: (work) => this.#due.push(work) },
  });
  #due: (() => void)[] = [];
  #publisher: ReturnType<Stream["publish"]> | undefined;

  constructor(config: object = {}) {
    this.config = playSchema.parse(config);
  }

  publish(tracks: readonly Track[] = TRACKS): void {
    const backup = () => ({ enabled: false, after: 2000, handBack: false, handBackAfter: 0 }) as never;
    const onSinkFailure = (_: Stream, error: unknown) => {
      throw error;
    };
    if (!this.stream) {
      this.stream = new Stream(PATH, 0, { backup, onSinkFailure });
      this.feeds.attach(this.stream, 0);
    }
    const request = { path: PATH, protocol: "rtmp", remote: "", query: "", onClosed: () => {} };
    this.#publisher = this.stream.publish(request, 0);
    this.write({ type: "tracks", tracks });
  }

  write(...events: MediaEvent[]): void {
    for (const event of events) this.#publisher?.write(event, 0);
    this.flush();
  }

  leave(): void {
    this.#publisher?.close("left", 0);
    this.flush();
  }

  end(): void {
    this.stream?.end(0);
    this.stream = undefined;
    this.flush();
  }

  flush(): void {
    for (const work of this.#due.splice(0)) work();
  }

  join(fourCcs?: readonly string[]): Watcher {
    return new Watcher(this, fourCcs);
  }
}

class Watcher {
  readonly messages: RtmpMessage[] = [];
  readonly writes: Uint8Array[] = [];
  readonly live: boolean[] = [];
  readonly player: Player;
  readonly leave: () => void;
  lags = 0;
  /** Nothing is taken. */
  isFull = false;
  readonly #reader = new ChunkReader({ maxMessageSize: 1 << 24 }, (message) => this.messages.push(message));

  constructor(bench: Bench, fourCcs: readonly string[] | undefined) {
    const { interleave } = bench.config;
    this.player = new Player(bench.config, {
      send: (bytes) => {
        if (this.isFull) return false;
        this.writes.push(bytes);
        this.#reader.read(bytes, 0);
        return true;
      },
      isIdle: () => !this.isFull,
      lagging: () => this.lags++,
    });
    const form = new PlayChunks({ chunkSize: 128, streamId: 1, interleave });
    const onLive = (live: boolean) => void this.live.push(live);
    this.leave = bench.feeds.play(PATH, { reader: this.player, form, isViewer: true, fourCcs, onLive }, 0);
  }

  /** What has come since the last call: `v` a picture, `k` a keyframe, `a` sound, `V` and `A` their headers, `M` metadata. */
  take(): string {
    return this.messages
      .splice(0)
      .map(({ type, body, timestamp }) => {
        if (type === 18) return "M";
        const isHead = body[1] === 0;
        const letter = type === 8 ? (isHead ? "A" : "a") : isHead ? "V" : (body[0] as number) >> 4 === 1 ? "k" : "v";
        return `${letter}${timestamp}`;
      })
      .join(" ");
  }
}

const picture = (ms: number, key = false): Packet => {
  const dts = ms * 90;
  return { type: "packet", track: 1, dts, pts: dts + 3600, duration: 0, key, data: new Uint8Array(300).fill(ms) };
};
const sound = (ms: number): Packet => {
  const dts = ms * 48;
  return { type: "packet", track: 2, dts, pts: dts, duration: 1024, key: true, data: Uint8Array.of(1, 2, 3) };
};

describe("a player", () => {
  test("begins at once with what has come since the last keyframe, at time 0, and goes on", () => {
    const bench = new Bench();
    bench.publish();
    bench.write(picture(0, true), sound(10), picture(40), picture(80, true), sound(75), sound(96), picture(120));
    const watcher = bench.join();
    // Sound from before the picture is left out.
    expect(watcher.take()).toBe("M V0 A0 k0 a16 v40");
    bench.write(sound(117), picture(160));
    expect(watcher.take()).toBe("a37 v80");
  });

  test("that waits gets the stream from its beginning", () => {
    const bench = new Bench();
    const watcher = bench.join();
    expect(watcher.live).toEqual([]);
    bench.publish();
    bench.write(picture(0, true), sound(0));
    expect(watcher.take()).toBe("M V0 A0 k0 a0");
    expect(watcher.live).toEqual([true]);
  });

  test("gets sound at once and pictures from the next keyframe when there is none at hand", () => {
    const bench = new Bench({ fromKeyframe: false });
    bench.publish();
    bench.write(picture(1000, true), sound(1000));
    const watcher = bench.join();
    bench.write(sound(1021), picture(1040), sound(1042), picture(1080, true));
    expect(watcher.take()).toBe("M V0 A0 a0 a21 k59");
    const later = new Bench({ fromKeyframe: false, waitForVideo: true });
    later.publish();
    later.write(picture(1000, true), sound(1000));
    const patient = later.join();
    later.write(sound(1021), picture(1040), sound(1042), picture(1080, true), sound(1085));
    expect(patient.take()).toBe("M V0 A0 k0 a5");
  });

  test("shares its bytes with every other that has come as far", () => {
    const bench = new Bench();
    bench.publish();
    bench.write(picture(0, true), sound(10));
    const first = bench.join();
    bench.write(picture(40), sound(31), picture(80, true));
    const second = bench.join();
    bench.write(sound(85), picture(120));
    bench.write(sound(106), picture(160));
    const batch = first.writes.at(-1);
    expect(batch?.length).toBeGreaterThan(300);
    expect(second.writes.at(-1) === batch).toBe(true);
    expect(first.take().split(" ").slice(-2)).toEqual(["a106", "v160"]);
    expect(second.take().split(" ").slice(-2)).toEqual(["a26", "v80"]);
  });

  test("too slow, skips to the next keyframe, and times go on", () => {
    const bench = new Bench();
    bench.publish();
    bench.write(picture(0, true));
    const watcher = bench.join();
    bench.write(sound(20), picture(40));
    watcher.take();
    watcher.isFull = true;
    bench.write(sound(41), picture(80));
    bench.write(picture(120));
    watcher.isFull = false;
    bench.write(sound(130), picture(160));
    expect(watcher.take()).toBe("");
    expect(watcher.lags).toBe(1);
    bench.write(picture(200, true), sound(205));
    expect(watcher.take()).toBe("M V200 A200 k200 a205");
    expect(watcher.player.dropped).toBe(5);
  });

  test("that has caught up does not wait for another keyframe if one has come meanwhile", () => {
    const bench = new Bench();
    bench.publish();
    bench.write(picture(0, true));
    const watcher = bench.join();
    bench.write(picture(40));
    watcher.take();
    watcher.isFull = true;
    bench.write(picture(80));
    bench.write(picture(120, true), sound(125));
    bench.write(picture(160));
    watcher.isFull = false;
    watcher.player.drained();
    expect(watcher.take()).toBe("M V120 A120 k120 a125 v160");
    bench.write(picture(200));
    expect(watcher.take()).toBe("v200");
  });

  test("gets headers again when the tracks change", () => {
    const bench = new Bench();
    bench.publish();
    const watcher = bench.join();
    bench.write(picture(0, true));
    watcher.take();
    const config = { ...sampleVideo.config, width: 640, height: 360 };
    bench.write({ type: "tracks", tracks: [{ ...sampleVideo, config }, audioTrack] }, picture(40, true));
    expect(watcher.take()).toBe("M V0 A0 k40");
  });

  test("goes on when the encoder comes back, and with the next stream of the name", () => {
    const bench = new Bench();
    bench.publish();
    const watcher = bench.join();
    bench.write(picture(0, true), picture(40));
    bench.leave();
    bench.publish();
    bench.write(picture(0, true), picture(40));
    const times = () => [...watcher.take().matchAll(/[kv](\d+)/g)].map(([, time]) => Number(time));
    const before = times();
    expect(before.length).toBe(4);
    expect(before).toEqual([...before].sort((a, b) => a - b));
    expect(watcher.live).toEqual([true, false, true]);
    bench.end();
    bench.publish();
    bench.write(picture(0, true), picture(40));
    const [first, second] = times();
    expect(first).toBeGreaterThan(before.at(-1) as number);
    expect(second).toBe((first as number) + 40);
    expect(watcher.live).toEqual([true, false, true, false, true]);
  });

  test("may pause, and want only sound or pictures", () => {
    const bench = new Bench();
    bench.publish();
    bench.write(picture(0, true));
    const watcher = bench.join();
    watcher.take();
    watcher.player.pause(true);
    bench.write(picture(40), sound(40), picture(80, true));
    expect(watcher.take()).toBe("");
    watcher.player.pause(false);
    expect(watcher.take()).toBe("M V80 A80 k80");
    watcher.player.want("video", false);
    bench.write(picture(120), sound(125));
    expect(watcher.take()).toBe("a125");
    watcher.player.want("video", true);
    bench.write(picture(160), sound(165), picture(200, true));
    expect(watcher.take()).toMatch(/a165 .*k200$/);
    watcher.player.want("audio", false);
    bench.write(sound(210), picture(240));
    expect(watcher.take()).toBe("v240");
  });

  test("of a chunk stream for all gets times that never go back", () => {
    const bench = new Bench({ interleave: true });
    bench.publish();
    const watcher = bench.join();
    bench.write(picture(0, true), sound(20), picture(40), sound(30), picture(80));
    expect(watcher.messages.filter(({ type }) => type !== 18).every(({ csid }) => csid === 4)).toBe(true);
    expect(watcher.take()).toBe("M V0 A0 k0 a20 v40 a40 v80");
  });

  test("is not sent a codec that it did not name, and is when it names none", () => {
    const hevc = { ...sampleVideo, config: { ...sampleVideo.config, codec: "hevc" as const, codecString: "hvc1" } };
    const bench = new Bench();
    bench.publish([hevc, audioTrack]);
    const [plain, classic, enhanced] = [bench.join(), bench.join(["av01"]), bench.join(["hvc1"])];
    bench.write(picture(0, true), sound(5));
    const types = (watcher: Watcher) => watcher.messages.map(({ type }) => type).join();
    expect(types(plain)).toBe("18,9,8,9,8");
    expect(types(enhanced)).toBe("18,9,8,9,8");
    expect(types(classic)).toBe("18,8,8");
    expect(Buffer.from(plain.messages[1]?.body.subarray(0, 5) as Uint8Array).toString("latin1")).toBe("\x90hvc1");
  });

  test("costs the stream nothing once it has left", () => {
    const bench = new Bench();
    bench.publish();
    const watcher = bench.join();
    expect(bench.stream?.readers).toBe(1);
    expect(bench.feeds.viewers(PATH)).toBe(1);
    watcher.leave();
    watcher.leave();
    expect(bench.stream?.readers).toBe(0);
    expect(bench.feeds.viewers(PATH)).toBe(0);
  });
});

describe("chunks", () => {
  const message = (fields: Partial<FlvMessage>): FlvMessage => ({
    type: 9,
    time: 0,
    delta: 0,
    mixedTime: 0,
    mixedDelta: 0,
    role: "media",
    head: Uint8Array.of(0x27, 1, 0, 0, 0),
    data: new Uint8Array(1000).map((_, n) => n),
    ...fields,
  });
  const read = (...bytes: Uint8Array[]): RtmpMessage[] => {
    const messages: RtmpMessage[] = [];
    const reader = new ChunkReader({ maxMessageSize: 1 << 24 }, (one) => messages.push(one));
    for (const one of bytes) reader.read(one, 0);
    return messages;
  };

  test.each([128, 1005, 1004, 60_000])("of %i bytes hold the message", (chunkSize) => {
    const form = new PlayChunks({ chunkSize, streamId: 7, interleave: false });
    const bytes = form.first(message({ time: 5000 }), 4000);
    const size = new Uint8Array([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, chunkSize >> 8, chunkSize & 0xff]);
    const [one] = read(size, bytes).filter(({ type }) => type === 9);
    expect(one).toMatchObject({ streamId: 7, timestamp: 1000, csid: 6 });
    expect(one?.body.length).toBe(1005);
    expect(one?.body.subarray(5)).toEqual(message({}).data);
  });

  test("repeat times of more than 24 bits, and wrap those of more than 32", () => {
    const form = new PlayChunks({ chunkSize: 128, streamId: 1, interleave: false });
    const stamps = read(
      form.first(message({ time: 0x100_0000 }), 0),
      form.next(message({ delta: 0x100_0000 })),
      form.first(message({ time: 2 ** 32 + 5 }), 0),
    ).map(({ timestamp }) => timestamp);
    expect(stamps).toEqual([0x100_0000, 0x200_0000, 5]);
  });
});
