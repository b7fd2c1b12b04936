import { describe, expect, test } from "bun:test";
import type { FeedEvent, FeedSink, RungPosition } from "../hls/rung-feed.ts";
import { silentLog } from "../log.ts";
import type { FromTranscoder, ToTranscoder, TranscoderStatus } from "./messages.ts";
import { Overload } from "./overload.ts";
import type { Rung } from "./rung.ts";
import { Transcoder, type TranscoderProcess } from "./transcoder.ts";

const rung = (name: string, height: number): Rung => ({
  kind: "video",
  name,
  width: height * 2,
  height,
  frameDivisor: 1,
  codec: "h264",
  encoder: "libx264",
  bitrate: 1_000_000,
  maxBitrate: 1_250_000,
  bufferSize: 1_250_000,
});

const PART: FromTranscoder & { type: "rendition" } = {
  type: "rendition",
  rung: "480p",
  event: { type: "part", msn: 7, part: 0, duration: 0.4, independent: true, bytes: new Uint8Array(1) } as never,
};

class FakeProcess implements TranscoderProcess {
  readonly sent: ToTranscoder[] = [];
  pendingBytes = 0;
  ended: "no" | "ended" | "killed" = "no";
  flushes = 0;

  send(message: ToTranscoder): void {
    this.sent.push(message);
  }
  flush(): void {
    this.flushes++;
  }
  end(): void {
    this.ended = "ended";
  }
  kill(): void {
    this.ended = "killed";
  }
  /** What it was told, without the feed. */
  get orders(): string[] {
    return this.sent.flatMap((message) =>
      message.type === "feed" ? [] : "rung" in message ? [`${message.type} ${message.rung}`] : [message.type],
    );
  }
}

type Config = ConstructorParameters<typeof Transcoder>[0]["config"];

/** A stage in virtual time: a stream of 25 frames a second, processes that do as the test says. */
class Stage {
  now = 0;
  dts = 0;
  readonly processes: FakeProcess[] = [];
  readonly states = new Map<string, string>();
  readonly dropped: string[] = [];
  readonly positions = new Map<string, RungPosition>();
  readonly events: string[] = [];
  readonly overload = new Overload();
  /** Whether processes say what they do, and how far behind. */
  answers = true;
  lag = 0.2;
  rss = 1e8;
  readonly transcoder: Transcoder;
  #sink: FeedSink | undefined;

  constructor(config: Partial<Config> = {}) {
    const output = {
      follow: (sink: FeedSink) => {
        this.#sink = sink;
        this.#feed({ type: "begin", start: { format: "cmaf", lowLatency: true, timeOffset: 0, maxAudioDelay: 300 } });
        const track = { id: 1, kind: "video", timescale: 90_000, config: {} } as never;
        this.#feed({ type: "tracks", tracks: [track], separateAudio: false });
        return () => {
          if (this.#sink === sink) this.#sink = undefined;
        };
      },
      rungSink: (name: string) => (event: { type: string }) => void this.events.push(`${name} ${event.type}`),
      rungPosition: (name: string) => this.positions.get(name),
      dropRung: (name: string) => void this.dropped.push(name),
      setRungState: (name: string, state: string, reason?: string) =>
        void this.states.set(name, reason === undefined ? state : `${state}: ${reason}`),
    };
    this.transcoder = new Transcoder(
      {
        path: "live/test",
        config: { always: false, linger: 30_000, priority: 0, maxMemory: 1e9, threads: 0, ...config },
        output,
        spawn: () => {
          const process = new FakeProcess();
          this.processes.push(process);
          return process;
        },
        overload: this.overload,
        log: silentLog,
      },
      [rung("480p", 480), rung("360p", 360)],
      0,
    );
  }

  get process(): FakeProcess {
    const process = this.processes.at(-1);
    if (!process) throw new Error("no process");
    return process;
  }

  get isFollowing(): boolean {
    return this.#sink !== undefined;
  }

  /** Of those that run. */
  get running(): number {
    return this.processes.filter(({ ended }) => ended === "no").length;
  }

  run(seconds: number, each?: () => void): void {
    const end = this.now + seconds * 1000;
    for (; this.now < end; this.now += 40) {
      each?.();
      this.dts += 3600;
      const packet = { type: "packet", track: 1, dts: this.dts, pts: this.dts, duration: 3600, key: false };
      this.#feed({ ...packet, data: new Uint8Array(10) } as FeedEvent);
      if (this.now % 200 === 0) {
        this.transcoder.tick(this.now);
        this.overload.tick(this.now);
      }
      if (this.now % 400 === 0 && this.answers && this.running > 0)
        this.say({ type: "status", status: this.#status() });
    }
  }

  say(message: FromTranscoder): void {
    this.transcoder.receive(this.process, message, this.now);
  }

  #status(): TranscoderStatus {
    const fed = this.dts / 90_000;
    const rest = { speed: 1, frames: 1, decodeErrors: 0, rungs: [] };
    return { fed, done: fed - this.lag, rssBytes: this.rss, ...rest };
  }

  #feed(event: FeedEvent): void {
    this.#sink?.(event, this.now);
  }
}

describe("on demand", () => {
  test("nothing is made until somebody asks, and no longer than the linger", () => {
    const stage = new Stage();
    stage.run(10);
    expect(stage.processes).toHaveLength(0);

    stage.transcoder.wanted("480p", stage.now);
    expect(stage.process.orders).toEqual(["settings", "startRung 480p"]);
    expect(stage.states.get("480p")).toBe("starting");
    stage.say(PART);
    expect(stage.states.get("480p")).toBe("running");
    expect(stage.events).toEqual(["480p part"]);

    stage.run(29);
    expect(stage.running).toBe(1);
    stage.run(2);
    expect(stage.process.ended).toBe("ended");
    expect(stage.isFollowing).toBe(false);
    expect(stage.states.get("480p")).toBe("idle");
    expect(stage.dropped).toEqual(["480p"]);
  });

  test("who waits for the beginning is not forgotten, however short the linger", () => {
    const stage = new Stage({ linger: 1000 });
    stage.transcoder.wanted("480p", stage.now);
    stage.run(8);
    expect(stage.running).toBe(1);
    stage.say(PART);
    stage.run(1);
    expect(stage.running).toBe(0);
  });

  test("who goes on asking goes on getting", () => {
    const stage = new Stage();
    stage.run(100, () => stage.transcoder.wanted("480p", stage.now));
    expect(stage.processes).toHaveLength(1);
    expect(stage.running).toBe(1);
  });

  test("a second rung joins in the same process, which is told the recent past again", () => {
    const stage = new Stage();
    stage.transcoder.wanted("480p", stage.now);
    stage.run(5);
    const before = stage.process.sent.length;
    stage.transcoder.wanted("360p", stage.now);
    expect(stage.processes).toHaveLength(1);
    expect(stage.process.sent.slice(before).map(({ type }) => type)).toEqual(["startRung", "rewind", "feed", "feed"]);
    stage.run(10, () => stage.transcoder.wanted("360p", stage.now));
    stage.run(20, () => stage.transcoder.wanted("360p", stage.now));
    expect(stage.process.orders.at(-1)).toBe("stopRung 480p");
    expect(stage.running).toBe(1);
  });

  test("a rung that is not of this ladder is not made", () => {
    const stage = new Stage();
    stage.transcoder.wanted("720p", stage.now);
    expect(stage.processes).toHaveLength(0);
  });

  test("always: all at once, without being asked", () => {
    const stage = new Stage({ always: true });
    stage.run(60);
    expect(stage.process.orders).toEqual(["settings", "startRung 480p", "startRung 360p"]);
    expect(stage.running).toBe(1);
  });

  test("the feed goes out at cuts, and else a few times a second", () => {
    const stage = new Stage({ always: true });
    stage.run(10);
    expect(stage.process.flushes).toBeGreaterThan(50);
    expect(stage.process.flushes).toBeLessThan(150);
  });

  test("closed: the process ends, and none is started again", () => {
    const stage = new Stage({ always: true });
    stage.run(1);
    stage.transcoder.close();
    stage.transcoder.close();
    stage.run(10);
    stage.transcoder.wanted("480p", stage.now);
    expect(stage.processes).toHaveLength(1);
    expect(stage.running).toBe(0);
  });
});

describe("a process that fails", () => {
  const watched = (): Stage => {
    const stage = new Stage();
    stage.transcoder.wanted("480p", stage.now);
    stage.run(1);
    stage.say(PART);
    stage.run(1);
    return stage;
  };
  const want = (stage: Stage) => () => stage.transcoder.wanted("480p", stage.now);

  test("is replaced at once, and goes on where it was", () => {
    const stage = watched();
    stage.positions.set("480p", { msn: 9, part: 2 });
    stage.transcoder.exited(stage.process, "ended by SIGKILL", stage.now);
    expect(stage.processes).toHaveLength(2);
    expect(stage.process.sent.find(({ type }) => type === "startRung")).toEqual({
      type: "startRung",
      rung: "480p",
      from: { msn: 9, part: 2 },
    });
    expect(stage.states.get("480p")).toBe("starting: ended by SIGKILL");
    expect(stage.dropped).toEqual([]);
    stage.say(PART);
    expect(stage.states.get("480p")).toBe("running");
  });

  test("what the old one still says does not count", () => {
    const stage = watched();
    const old = stage.process;
    stage.transcoder.exited(old, "ended by SIGKILL", stage.now);
    const { length } = stage.events;
    stage.transcoder.receive(old, PART, stage.now);
    stage.transcoder.exited(old, "again", stage.now);
    expect(stage.events).toHaveLength(length);
    expect(stage.processes).toHaveLength(2);
  });

  test("again and again: ever more seldom, then its rungs leave the list, and come back to be tried", () => {
    const stage = watched();
    let isDead = true;
    const seen = new Set<string>();
    stage.run(20, () => {
      want(stage)();
      if (isDead && stage.running > 0) {
        stage.process.ended = "killed";
        stage.transcoder.exited(stage.process, "ended with exit code 1", stage.now);
      }
      seen.add(stage.states.get("480p") ?? "");
    });
    expect(stage.processes.length).toBeLessThanOrEqual(6);
    expect(seen).toContain("failed: ended with exit code 1");
    isDead = false;
    stage.run(40, want(stage));
    expect(stage.running).toBe(1);
    expect(stage.states.get("480p")).toBe("starting");
  });

  test.each<[string, (stage: Stage) => void, string]>([
    ["says nothing", (stage) => void (stage.answers = false), "it has said nothing for 10 s"],
    ["grows", (stage) => void (stage.rss = 1.5e9), "it has grown to 1431 MB of memory"],
    ["does not read", (stage) => void (stage.process.pendingBytes = 1e8), "it does not read what it is sent"],
  ])("one that %s is killed and replaced", (_, break_, reason) => {
    const stage = watched();
    break_(stage);
    let seen = "";
    const [first] = stage.processes;
    stage.run(12, () => {
      want(stage)();
      if (stage.processes.length > 1) Object.assign(stage, { answers: true, rss: 1e8 });
      const state = stage.states.get("480p") ?? "";
      if (state.includes(":")) seen = state;
    });
    expect(first?.ended).toBe("killed");
    expect(seen).toBe(`starting: ${reason}`);
    expect(stage.processes.length).toBeGreaterThan(1);
  });

  test("one that stands still is replaced", () => {
    const stage = watched();
    const done = stage.dts / 90_000;
    stage.answers = false;
    const rest = { fed: 0, rssBytes: 1, speed: 0, frames: 0, decodeErrors: 0, rungs: [] };
    stage.run(17, () => {
      want(stage)();
      if (stage.processes.length === 1) stage.say({ type: "status", status: { ...rest, done } });
    });
    expect(stage.processes[0]?.ended).toBe("killed");
  });

  test("a pause of the server itself is no silence of the process", () => {
    const stage = watched();
    stage.now += 20_000;
    stage.run(2, want(stage));
    expect(stage.processes).toHaveLength(1);
  });

  test("one rung alone leaves the list and comes back", () => {
    const stage = new Stage({ always: true });
    stage.run(1);
    stage.say({ type: "rungFailed", rung: "480p", reason: "no such preset" });
    expect(stage.states.get("480p")).toBe("failed: no such preset");
    expect(stage.states.get("360p")).toBe("starting");
    stage.run(9);
    expect(stage.transcoder.making).toEqual(["360p"]);
    stage.run(2);
    expect(stage.transcoder.making).toEqual(["480p", "360p"]);
    expect(stage.processes).toHaveLength(1);
  });
});

describe("a machine that cannot keep up", () => {
  test("gives up the dearest rung, and takes it up again after a calm time", () => {
    const stage = new Stage({ always: true });
    stage.run(10);
    stage.lag = 6;
    stage.run(9);
    expect(stage.states.get("480p")).toBe("shed: the machine cannot keep up (6.2 s behind)");
    expect(stage.transcoder.making).toEqual(["360p"]);
    expect(stage.dropped).toEqual(["480p"]);
    stage.lag = 0.2;
    stage.run(28);
    expect(stage.transcoder.making).toEqual(["360p"]);
    stage.run(5);
    expect(stage.transcoder.making).toEqual(["480p", "360p"]);
  });

  test("what comes too late begins anew where the stream is", () => {
    const stage = new Stage({ always: true });
    stage.run(10);
    stage.transcoder.startOver(stage.now);
    expect(stage.processes.map(({ ended }) => ended)).toEqual(["killed", "no"]);
    expect(stage.transcoder.making).toEqual(["480p", "360p"]);
    expect(stage.dropped).toEqual(["480p", "360p"]);
    expect(stage.states.get("360p")).toMatch(/^starting: it was \d\.\d s behind$/);
  });

  test("begins nothing more meanwhile", () => {
    const stage = new Stage();
    stage.transcoder.wanted("480p", stage.now);
    stage.run(10);
    stage.lag = 6;
    stage.run(9, () => stage.transcoder.wanted("480p", stage.now));
    expect(stage.states.get("480p")).toContain("shed");
    stage.transcoder.wanted("360p", stage.now);
    expect(stage.states.get("360p")).toBe("shed: the machine is busy");
    expect(stage.running).toBe(0);
    stage.run(70);
    expect([...stage.states.values()]).toEqual(["idle", "idle"]);
  });
});
