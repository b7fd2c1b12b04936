import { describe, expect, test } from "bun:test";
import type { FeedSink, RungDescription } from "../hls/rung-feed.ts";
import { createLog } from "../log.ts";
import type { MediaEvent } from "../media/event.ts";
import type { AudioTrack, VideoTrack } from "../media/track.ts";
import { abrSchema } from "./config.ts";
import { type Encoders, SOFTWARE } from "./ladder.ts";
import { Overload } from "./overload.ts";
import { StreamLadder } from "./stream-ladder.ts";

const video = (width: number, height: number, frameRate?: number): VideoTrack => ({
  id: 1,
  kind: "video",
  timescale: 90_000,
  config: {
    codec: "h264",
    record: new Uint8Array(),
    codecString: "avc1.64001F",
    width,
    height,
    sar: { width: 1, height: 1 },
    ...(frameRate !== undefined && { frameRate }),
  },
});
const AUDIO: AudioTrack = {
  id: 2,
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

class Stage {
  readonly announced: (readonly RungDescription[])[] = [];
  readonly dropped: string[] = [];
  readonly lines: string[] = [];
  spawned = 0;
  running = 0;
  encoders: Encoders | "none" | undefined = SOFTWARE;
  readonly ladder: StreamLadder;
  #now = 0;
  #dts = 0;

  constructor(abr: unknown = true) {
    this.ladder = new StreamLadder({
      path: "live/test",
      config: abrSchema.parse(abr),
      output: {
        announceRungs: (rungs) => void this.announced.push(rungs),
        dropRung: (name) => void this.dropped.push(name),
        follow: (_: FeedSink) => () => {},
        rungSink: () => () => {},
        rungPosition: () => undefined,
        setRungState: () => {},
      },
      encoders: () => this.encoders,
      spawn: () => {
        this.spawned++;
        this.running++;
        const gone = () => void this.running--;
        return { send: () => {}, flush: () => {}, pendingBytes: 0, end: gone, kill: gone };
      },
      overload: new Overload(),
      log: createLog(
        "info",
        (line) => void this.lines.push(line.slice(25).trimEnd()),
        () => new Date(0),
      ),
    });
  }

  tracks(...tracks: readonly (VideoTrack | AudioTrack)[]): this {
    this.#write({ type: "tracks", tracks });
    return this;
  }

  frames(count: number, ticks = 3000): this {
    for (let index = 0; index < count; index++) {
      const packet = { type: "packet", track: 1, dts: this.#dts, pts: this.#dts, duration: 0, key: false } as const;
      this.#write({ ...packet, data: new Uint8Array(1) });
      this.#dts += ticks;
    }
    return this;
  }

  wanted(name: string): void {
    this.ladder.wanted(name, this.#now);
  }

  tick(): void {
    this.ladder.tick((this.#now += 200));
  }

  get names(): readonly string[] | undefined {
    return this.announced.at(-1)?.map(({ name }) => name);
  }

  #write(event: MediaEvent): void {
    this.ladder.write(event, this.#now);
  }
}

describe("the ladder of a stream", () => {
  test("is announced with the tracks, where they state their rate", () => {
    const stage = new Stage().tracks(video(1280, 720, 30), AUDIO);
    expect(stage.names).toEqual(["480p", "360p", "240p"]);
    expect(stage.announced[0]?.[0]).toMatchObject({ codecs: ["avc1.64001F", "mp4a.40.2"], frameRate: 30 });
    expect(stage.lines).toEqual(['INFO  further qualities are offered path=live/test rungs="480p 360p 240p"']);
  });

  test.each<[string, number | undefined, number, number]>([
    ["as stated", 29.97, 3003, 29.97],
    ["as measured over a second, where none is stated", undefined, 1800, 50],
    ["as measured, where the clock of the stamps is stated", 1000, 3003, 30],
  ])("rates: %s", (_, stated, ticks, expected) => {
    const stage = new Stage({ rungs: [{ height: 720 }] }).tracks(video(1920, 1080, stated)).frames(4, 100);
    stage.frames(60, ticks);
    expect(stage.announced[0]?.[0]?.frameRate).toBe(expected);
  });

  test("waits until it is known what can be encoded", () => {
    const stage = new Stage();
    stage.encoders = undefined;
    stage.tracks(video(1280, 720), AUDIO).frames(40);
    stage.tick();
    expect(stage.announced).toEqual([]);
    stage.encoders = SOFTWARE;
    stage.tick();
    expect(stage.names).toEqual(["480p", "360p", "240p"]);
  });

  test("nothing is announced that cannot be made, and why is said once", () => {
    const stage = new Stage();
    stage.encoders = "none";
    stage.tracks(video(1280, 720), AUDIO).frames(40).tracks(video(1280, 720), AUDIO).frames(40);
    expect(stage.announced).toEqual([]);
    expect(stage.lines).toEqual(['WARN  no further qualities path=live/test reason="the media library is missing"']);
  });

  test("sound alone needs nobody to encode it", () => {
    const stage = new Stage({ audioOnly: true });
    stage.encoders = "none";
    stage.tracks(video(1280, 720), AUDIO).frames(40);
    expect(stage.announced.at(-1)).toMatchObject([{ name: "audio", kind: "audio", of: { audio: 2 } }]);
    stage.wanted("audio");
    stage.tick();
    expect(stage.spawned).toBe(0);
  });

  test("the same tracks once more change nothing", () => {
    const stage = new Stage().tracks(video(1280, 720), AUDIO).frames(40);
    stage.wanted("480p");
    stage.tracks(video(1280, 720), AUDIO).frames(40);
    expect(stage.announced).toHaveLength(1);
    expect(stage.spawned).toBe(1);
  });

  test("another size: what stays goes on, what changes begins anew, who watches goes on watching", () => {
    const stage = new Stage().tracks(video(1280, 720), AUDIO).frames(40);
    stage.wanted("480p");
    stage.tracks(video(1920, 1080), AUDIO).frames(40);
    expect(stage.names).toEqual(["720p", "480p", "360p", "240p"]);
    expect(stage.dropped).toEqual([]);
    expect([stage.spawned, stage.running]).toEqual([2, 1]);
    stage.tracks(video(640, 480), AUDIO).frames(40);
    expect(stage.names).toEqual(["360p", "240p"]);
    expect(stage.dropped).toEqual(["720p", "480p", "360p", "240p"]);
    expect(stage.running).toBe(0);
  });

  test("a function decides by the stream; what it throws or gives wrong is said", () => {
    const pick = new Stage({
      rungs: ({ path, video }: { path: string; video?: { height: number } }) =>
        path === "live/test" && video?.height === 720 && [{ height: 240, name: "tiny" }],
    });
    expect(pick.tracks(video(1280, 720)).frames(40).names).toEqual(["tiny"]);
    const none = new Stage({ rungs: () => undefined }).tracks(video(1280, 720)).frames(40);
    expect(none.lines[0]).toContain("the configuration wants none");
    const wrong = new Stage({ rungs: () => [{ hight: 3 }] }).tracks(video(1280, 720)).frames(40);
    expect(wrong.lines[0]).toContain("deciding the rungs failed");
  });

  test("closed: its process ends", () => {
    const stage = new Stage({ always: true }).tracks(video(1280, 720), AUDIO).frames(40);
    stage.tick();
    expect(stage.running).toBe(1);
    stage.ladder.close();
    expect(stage.running).toBe(0);
  });
});
