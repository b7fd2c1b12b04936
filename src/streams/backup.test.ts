import { describe, expect, test } from "bun:test";
import type { MediaEvent, Packet } from "../media/event.ts";
import type { Millis } from "../media/time.ts";
import type { AudioTrack, VideoTrack } from "../media/track.ts";
import { backupSchema } from "./config.ts";
import { type Publisher, PublishRefusedError } from "./publish.ts";
import { StreamRegistry } from "./registry.ts";
import type { Stream } from "./stream.ts";

const video = (width: number): VideoTrack => ({
  id: 0,
  kind: "video",
  timescale: 90_000,
  config: {
    codec: "h264",
    record: new Uint8Array(),
    codecString: "avc1.42C01E",
    width,
    height: 360,
    sar: { width: 1, height: 1 },
  },
});
const audio: AudioTrack = {
  id: 1,
  kind: "audio",
  timescale: 48_000,
  config: {
    codec: "aac",
    record: new Uint8Array(),
    codecString: "mp4a.40.2",
    sampleRate: 48_000,
    channels: 2,
    samplesPerPacket: 1024,
  },
};

const FRAME: Millis = 40;
/** Frames in a group of pictures: 2 s. */
const GROUP = 50;

/** An encoder at 25 fps whose clock began long ago; each knows its own pictures by width and size. */
class Encoder {
  #frame: number;
  publisher: Publisher | undefined;
  closed: string | undefined;

  constructor(
    private readonly bench: Bench,
    private readonly query: string,
    readonly width: number,
    { phase = 0, bytes = 1000, path = "live/a" }: { phase?: number; bytes?: number; path?: string } = {},
  ) {
    this.#frame = 1_000_000 * width + phase;
    this.bytes = bytes;
    this.path = path;
  }
  readonly bytes: number;
  readonly path: string;

  connect(): this {
    const request = { path: this.path, protocol: "rtmp", remote: "192.0.2.1:1", query: this.query };
    const onClosed = (reason: string) => {
      this.closed = reason;
      this.publisher = undefined;
    };
    this.publisher = this.bench.registry.publish({ ...request, onClosed }, this.bench.now);
    this.publisher.write({ type: "tracks", tracks: [video(this.width)] }, this.bench.now);
    return this;
  }

  frame(): void {
    const at = this.#frame++;
    const key = at % GROUP === 0;
    const data = new Uint8Array(this.bytes);
    const packet: Packet = { type: "packet", track: 0, dts: at * 3600, pts: at * 3600, duration: 0, key, data };
    this.publisher?.write(packet, this.bench.now);
  }

  leave(): void {
    this.publisher?.close("gone", this.bench.now);
    this.publisher = undefined;
  }
}

class Bench {
  now: Millis = 10_000;
  readonly changes: string[] = [];
  readonly events: { readonly event: MediaEvent; readonly now: Millis; readonly width: number }[] = [];
  readonly registry: StreamRegistry;
  stream: Stream | undefined;

  constructor(backup: Record<string, unknown> = {}, graceMs = 60_000) {
    const policy = { live: true, secondPublisher: "refuse" as const, graceMs, backup: backupSchema.parse(backup) };
    this.registry = new StreamRegistry({
      policy: () => policy,
      maxStreams: 10,
      onStream: (stream, now) => {
        this.stream = stream;
        let width = 0;
        stream.attach((event, at) => {
          if (event.type === "tracks") width = event.tracks.find((track) => track.kind === "video")?.config.width ?? 0;
          this.events.push({ event, now: at, width });
        }, now);
      },
      onRemoved: () => {},
      onSinkFailure: (_, error) => {
        throw error;
      },
      onSourceChange: (_, { role, what, reason }) => this.changes.push([role, what, reason].filter(Boolean).join(" ")),
    });
  }

  /** Lets time pass with those encoders that send. */
  run(ms: Millis, ...sending: readonly Encoder[]): void {
    for (const end = this.now + ms; this.now < end; this.now += FRAME) {
      this.registry.tick(this.now);
      for (const encoder of sending) encoder.frame();
    }
  }

  get packets(): { readonly dts: number; readonly key: boolean; readonly width: number; readonly now: Millis }[] {
    return this.events.flatMap(({ event, width, now }) =>
      event.type === "packet" ? [{ dts: event.dts, key: event.key, width, now }] : [],
    );
  }

  get gaps(): string[] {
    return this.events.flatMap(({ event }) => (event.type === "gap" ? [event.reason] : []));
  }

  /** The first packet of each encoder's turn on air, by picture width. */
  get turns() {
    const { packets } = this;
    return packets.filter((packet, index) => packets[index - 1]?.width !== packet.width);
  }

  /** Nothing goes back, neither times nor arrivals, and every turn begins with a keyframe right behind its gap and tracks. */
  check(): void {
    const { packets } = this;
    for (const [index, packet] of packets.entries()) {
      const before = packets[index - 1];
      if (!before) continue;
      expect(packet.dts - before.dts).toBeGreaterThan(0);
      expect(packet.dts - before.dts).toBeLessThanOrEqual(3600);
      expect(packet.now).toBeGreaterThanOrEqual(before.now);
    }
    for (const turn of this.turns) expect(turn.key).toBe(true);
    for (const [index, { event }] of this.events.entries()) {
      if (event.type !== "gap" || index + 1 >= this.events.length) continue;
      expect(this.events[index + 1]?.event.type).toBe("tracks");
    }
  }
}

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof PublishRefusedError) return error.code;
    throw error;
  }
  return "accepted";
}

describe("a backup encoder", () => {
  test("waits, takes over at once with a whole group of pictures when the first leaves, and hands back", () => {
    const bench = new Bench();
    const primary = new Encoder(bench, "", 1).connect();
    const backup = new Encoder(bench, "backup=1", 2, { phase: 20 }).connect();
    bench.run(10_000, primary, backup);
    expect(bench.turns.map(({ width }) => width)).toEqual([1]);

    const left = bench.now;
    primary.leave();
    // The group that the backup is in began 20 frames late against the primary's, so at most 49 frames are at hand.
    const atHand = bench.packets.filter(({ width }) => width === 2).length;
    expect(atHand).toBe((10_000 / FRAME + 20) % GROUP || GROUP);
    expect(bench.stream?.state).toBe("live");
    expect(bench.stream?.onAir?.role).toBe("backup");
    bench.run(2500, backup);
    expect(bench.stream?.stats(bench.now).frameRate).toBeCloseTo(25, 0);
    bench.run(500, backup);
    primary.connect();
    bench.run(9900, primary, backup);
    expect(bench.stream?.onAir?.role).toBe("backup");
    bench.run(2200, primary, backup);
    expect(bench.stream?.onAir?.role).toBe("primary");
    bench.run(1000, primary, backup);

    expect(bench.turns.map(({ width }) => width)).toEqual([1, 2, 1]);
    expect(bench.turns[1]?.now).toBeLessThanOrEqual(left);
    expect(bench.gaps).toEqual(["source-switch", "source-switch"]);
    expect(bench.changes).toEqual([
      "backup waits",
      "backup took-over left",
      "primary waits",
      "primary got-back returned",
    ]);
    bench.check();
  });

  test("takes over after a while when the first stays connected and sends nothing", () => {
    const bench = new Bench({ after: 1.5 });
    const primary = new Encoder(bench, "", 1).connect();
    const backup = new Encoder(bench, "backup=1", 2, { phase: 10 }).connect();
    bench.run(6000, primary, backup);
    const last = bench.now - FRAME;
    bench.run(3000, backup);
    const first = bench.events.find(({ width, event }) => width === 2 && event.type === "packet");
    const switched = bench.packets.findIndex(({ width }) => width === 2);
    expect(first?.now).toBeGreaterThanOrEqual(last);
    expect(bench.packets[switched + 1]?.now).toBeGreaterThan(0);
    expect(bench.changes).toContain("backup took-over silent");
    // Thrown 1.5 s after the last frame of the first, to a frame.
    const live = bench.packets.filter(({ width, now }) => width === 2 && now >= last + 1500);
    expect(live.length).toBeGreaterThan(30);
    bench.check();
  });

  test("a pause of the first that is shorter changes nothing", () => {
    const bench = new Bench();
    const primary = new Encoder(bench, "", 1).connect();
    const backup = new Encoder(bench, "backup=1", 2).connect();
    bench.run(4000, primary, backup);
    bench.run(960, backup);
    bench.run(4000, primary, backup);
    expect(bench.turns.map(({ width }) => width)).toEqual([1]);
    expect(bench.gaps).toEqual([]);
  });

  test("keeps the stream when it is not to be handed back, and the first waits in its turn", () => {
    const bench = new Bench({ handBack: false });
    const primary = new Encoder(bench, "", 1).connect();
    const backup = new Encoder(bench, "backup=1", 2, { phase: 7 }).connect();
    bench.run(4000, primary, backup);
    primary.leave();
    primary.connect();
    bench.run(30_000, primary, backup);
    expect(bench.stream?.onAir?.role).toBe("backup");
    backup.leave();
    expect(bench.stream?.onAir?.role).toBe("primary");
    bench.run(1000, primary);
    expect(bench.turns.map(({ width }) => width)).toEqual([1, 2, 1]);
    bench.check();
  });

  test("that is alone plays", () => {
    const bench = new Bench();
    const backup = new Encoder(bench, "x=1&backup=1", 2).connect();
    bench.run(2000, backup);
    expect(bench.stream?.state).toBe("live");
    expect(bench.packets.length).toBe(50);
    expect(bench.changes).toEqual([]);
  });

  test("both gone: whichever comes first goes on, behind one gap", () => {
    for (const query of ["", "backup=1"]) {
      const bench = new Bench();
      const primary = new Encoder(bench, "", 1).connect();
      const backup = new Encoder(bench, "backup=1", 2).connect();
      bench.run(4000, primary, backup);
      backup.leave();
      primary.leave();
      expect(bench.stream?.state).toBe("waiting");
      expect(bench.registry.deadline).toBe(bench.now + 60_000);
      bench.run(5000);
      const next = new Encoder(bench, query, 3).connect();
      expect(bench.stream?.state).toBe("starting");
      bench.run(1000, next);
      expect(bench.gaps).toEqual(["publisher-lost"]);
      expect(bench.stream?.state).toBe("live");
      expect(bench.registry.deadline).toBeUndefined();
      bench.check();
    }
  });

  test("both silent: told to readers, and the first to send goes on", () => {
    const bench = new Bench();
    const primary = new Encoder(bench, "", 1).connect();
    const backup = new Encoder(bench, "backup=1", 2).connect();
    bench.run(4000, primary, backup);
    bench.run(12_000);
    expect(bench.gaps).toEqual(["publisher-lost"]);
    expect(bench.stream?.state).toBe("waiting");
    expect(bench.registry.deadline).toBeUndefined();
    bench.run(2000, primary);
    expect(bench.stream?.state).toBe("live");
    expect(bench.events.map(({ event }) => event.type).filter((type) => type !== "packet")).toEqual([
      "tracks",
      "gap",
      "tracks",
    ]);
  });

  test("the first leaves while the backup has no keyframe at hand: it goes on as soon as it sends", () => {
    const bench = new Bench();
    const primary = new Encoder(bench, "", 1).connect();
    bench.run(4000, primary);
    const backup = new Encoder(bench, "backup=1", 2, { phase: 25 }).connect();
    bench.run(400, primary, backup);
    primary.leave();
    expect(bench.gaps).toEqual(["publisher-lost"]);
    bench.run(2000, backup);
    expect(bench.gaps).toEqual(["publisher-lost"]);
    expect(bench.stream?.onAir?.role).toBe("backup");
    expect(bench.packets.filter(({ width }) => width === 2).length).toBe(50);
  });

  test("of audio alone takes over without losing a frame", () => {
    const bench = new Bench();
    const primary = new Encoder(bench, "", 1).connect();
    bench.run(2000, primary);
    const request = { path: "live/a", protocol: "rtmp", remote: "", query: "backup=1", onClosed: () => {} };
    const backup = bench.registry.publish(request, bench.now);
    backup.write({ type: "tracks", tracks: [audio] }, bench.now);
    const send = (index: number) =>
      backup.write(
        {
          type: "packet",
          track: 1,
          dts: index * 1024,
          pts: index * 1024,
          duration: 0,
          key: true,
          data: new Uint8Array(9),
        },
        bench.now,
      );
    for (let index = 0; index < 60; index++) {
      bench.now += 21;
      send(index);
    }
    const taken = bench.events.filter(({ event }) => event.type === "packet" && event.track === 1).length;
    expect(bench.changes).toContain("backup took-over silent");
    // The frame that finds a second of silence is the first on air.
    expect(taken).toBe(60 - Math.ceil((1000 - FRAME) / 21) + 1);
  });

  test("what is kept of one that waits is bounded, however long its group of pictures is", () => {
    const bench = new Bench();
    const primary = new Encoder(bench, "", 1).connect();
    const backup = new Encoder(bench, "backup=1", 2, { bytes: 1_000_000 }).connect();
    let most = 0;
    for (let i = 0; i < GROUP; i++) {
      bench.run(FRAME, primary, backup);
      const kept = bench.stream?.sources[1]?.standby.packets ?? [];
      most = Math.max(
        most,
        kept.reduce((sum, packet) => sum + packet.data.length, 0),
      );
    }
    expect(most).toBeGreaterThan(4_000_000);
    expect(most).toBeLessThanOrEqual(8 * 1024 ** 2);
    expect(bench.stream?.sources[1]?.standby.packets).toEqual([]);
  });

  test("is known by its query, or by the end of its key where that is configured", () => {
    for (const [query, role] of [
      ["backup=1", "backup"],
      ["token=x&backup=true", "backup"],
      ["backup", "backup"],
      ["backup=0", "primary"],
      ["nobackup=1", "primary"],
      ["backup=10", "primary"],
    ] as const) {
      const bench = new Bench();
      new Encoder(bench, query, 1).connect();
      expect([query, bench.stream?.onAir?.role]).toEqual([query, role]);
    }
    const bench = new Bench({ suffix: "_backup" });
    new Encoder(bench, "", 1).connect();
    new Encoder(bench, "", 2, { path: "live/a_backup" }).connect();
    expect(bench.registry.list().map(({ path }) => path)).toEqual(["live/a"]);
    expect(bench.stream?.sources.map(({ role }) => role)).toEqual(["primary", "backup"]);
    new Encoder(bench, "", 3, { path: "live/_backup" }).connect();
    expect(bench.registry.get("live/_backup")?.onAir?.role).toBe("primary");
  });

  test("is refused where it is off, and a second one where there is one", () => {
    const off = new Bench({ enabled: false, suffix: "_b" });
    new Encoder(off, "", 1).connect();
    expect(refusal(() => new Encoder(off, "backup=1", 2).connect())).toBe("no-backup");
    new Encoder(off, "", 2, { path: "live/a_b" }).connect();
    expect(off.registry.list().length).toBe(2);

    const on = new Bench();
    new Encoder(on, "backup=1", 2).connect();
    expect(refusal(() => new Encoder(on, "backup=1", 2).connect())).toBe("already-publishing");
    expect(refusal(() => new Encoder(on, "", 1).connect())).toBe("accepted");
  });

  test("an encoder that returns after its connection was cut unnoticed gets its name back", () => {
    const bench = new Bench();
    const cut = new Encoder(bench, "", 1).connect();
    bench.run(2000, cut);
    bench.run(5000);
    expect(refusal(() => new Encoder(bench, "", 1).connect())).toBe("already-publishing");
    bench.run(5000);
    expect(refusal(() => new Encoder(bench, "", 1).connect())).toBe("accepted");
    expect(cut.closed).toBe("replaced by another publisher");
  });

  test("the end of the stream ends both", () => {
    const bench = new Bench();
    const primary = new Encoder(bench, "", 1).connect();
    const backup = new Encoder(bench, "backup=1", 2).connect();
    bench.run(4000, primary, backup);
    bench.registry.close(bench.now);
    expect([primary.closed, backup.closed]).toEqual(["the stream ended", "the stream ended"]);
    expect(bench.changes).toEqual(["backup waits"]);
    expect(bench.events.at(-1)?.event.type).toBe("end");
  });
});
