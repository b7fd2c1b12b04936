import { describe, expect, test } from "bun:test";
import { ByteReader } from "../../bytes/reader.ts";
import { encodeFileHeader, encodeTag, readTag } from "../../formats/flv/tag.ts";
import { FlvPlayer } from "./flv-player.ts";
import { FlvRelays } from "./flv-relay.ts";
import type { FlvHead, FlvSink, FlvSource } from "./flv-source.ts";

const PATH = "live/test";
const tag = (type: number, timestamp: number, ...body: number[]): Uint8Array =>
  encodeTag({ type, timestamp, body: Uint8Array.from(body) });
const HEAD: FlvHead = {
  file: encodeFileHeader({ audio: false, video: true }),
  tags: Buffer.concat([tag(18, 0, 1), tag(9, 0, 0x17, 0)]),
};
const key = (time: number) => tag(9, time, 0x17, 1);
const picture = (time: number) => tag(9, time, 0x27, 1);

class Bench implements FlvSource {
  now = 0;
  sink: FlvSink | undefined;
  opened = 0;
  readonly relays = new FlvRelays(this, () => this.now);

  enter(): () => void {
    return () => {};
  }

  open(_path: string, sink: FlvSink): () => void {
    this.opened++;
    this.sink = sink;
    return () => {
      this.sink = undefined;
    };
  }

  send(...tags: Uint8Array[]): void {
    const keyIndex = tags.findIndex((one) => one[11] === 0x17);
    const keyAt = keyIndex < 0 ? -1 : Buffer.concat(tags.slice(0, keyIndex)).length;
    this.sink?.({ bytes: Buffer.concat(tags), keyAt });
  }

  begin(): void {
    this.sink?.({ bytes: Buffer.concat([HEAD.tags, key(1000)]), keyAt: HEAD.tags.length, head: HEAD });
  }
}

class Watcher {
  waiting = 0;
  closed: string | undefined;
  result: string | undefined;
  readonly leave: () => void;
  #bytes: Uint8Array[] = [];

  constructor(bench: Bench, id = 1) {
    const player = new FlvPlayer({
      send: (bytes) => void this.#bytes.push(bytes),
      waiting: () => this.waiting,
      close: (reason) => {
        this.closed = reason;
      },
    });
    const onBegin = (result: string) => {
      this.result = result;
    };
    this.leave = bench.relays.play(PATH, { player, id, onBegin });
  }

  /** The tags that came since the last call: `M` metadata, `V` configuration, `k` keyframe, `v` picture, and their times. */
  take(): string {
    const bytes = Buffer.concat(this.#bytes.splice(0));
    const reader = new ByteReader(bytes, bytes[0] === 0x46 ? 13 : 0);
    const tags: string[] = bytes[0] === 0x46 ? ["FLV"] : [];
    while (reader.left > 0) {
      const { type, timestamp, body } = readTag(reader);
      const letter = type === 18 ? "M" : body[1] === 0 ? "V" : body[0] === 0x17 ? "k" : "v";
      tags.push(`${letter}${timestamp}`);
    }
    return tags.join(" ");
  }
}

describe("players of FLV", () => {
  test("begin with a file's head and what has come since the keyframe, and go on", () => {
    const bench = new Bench();
    const first = new Watcher(bench);
    expect(first.result).toBeUndefined();
    bench.begin();
    expect(first.result).toBe("begins");
    expect(first.take()).toBe("FLV M0 V1000 k1000");
    bench.send(picture(1040));
    const second = new Watcher(bench, 2);
    expect(second.take()).toBe("FLV M0 V1000 k1000 v1040");
    bench.send(picture(1080), key(1120), picture(1160));
    expect(first.take()).toBe("v1040 v1080 k1120 v1160");
    expect(second.take()).toBe("v1080 k1120 v1160");
    expect(new Watcher(bench).take()).toBe("FLV M0 V1120 k1120 v1160");
    expect(bench.opened).toBe(1);
    const seen: number[] = [];
    bench.relays.count((_, viewer) => seen.push(viewer));
    expect(seen).toEqual([1, 2, 1]);
  });

  test("too slow, go on with a keyframe", () => {
    const bench = new Bench();
    const watcher = new Watcher(bench);
    bench.begin();
    watcher.take();
    watcher.waiting = 5 << 20;
    bench.send(picture(1040));
    bench.send(key(1080));
    watcher.waiting = 0;
    bench.send(picture(1120));
    expect(watcher.take()).toBe("");
    bench.send(picture(1160), key(1200), picture(1240));
    expect(watcher.take()).toBe("k1200 v1240");
  });

  test("get a configuration that changed while they were too slow", () => {
    const bench = new Bench();
    const watcher = new Watcher(bench);
    bench.begin();
    watcher.take();
    watcher.waiting = 5 << 20;
    const head = { ...HEAD };
    bench.sink?.({ bytes: Buffer.concat([head.tags, key(1040)]), keyAt: head.tags.length, head });
    watcher.waiting = 0;
    bench.send(key(1080));
    expect(watcher.take()).toBe("M0 V1080 k1080");
  });

  test("that take nothing for a minute are closed", () => {
    const bench = new Bench();
    const watcher = new Watcher(bench);
    bench.begin();
    watcher.waiting = 50;
    bench.now = 4_000;
    bench.send(picture(1040));
    bench.now = 61_000;
    bench.send(picture(1080));
    expect(watcher.closed).toBe("stuck");
  });

  test("are closed at the end, and told when there is nothing", () => {
    const bench = new Bench();
    const playing = new Watcher(bench);
    bench.begin();
    bench.sink?.("end");
    expect(playing.closed).toBe("end");
    const waiting = new Watcher(bench);
    bench.sink?.("none");
    expect(waiting.result).toBe("none");
    expect(waiting.closed).toBeUndefined();
    expect(bench.opened).toBe(2);
  });

  test("cost the stream nothing when the last has left", () => {
    const bench = new Bench();
    const [one, other] = [new Watcher(bench), new Watcher(bench)];
    one.leave();
    expect(bench.sink).toBeDefined();
    other.leave();
    other.leave();
    expect(bench.sink).toBeUndefined();
    // A source that says at once that there is nothing.
    bench.open = (_path, sink) => {
      sink("none");
      return () => {};
    };
    expect(new Watcher(bench).result).toBe("none");
  });
});
