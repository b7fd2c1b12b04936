import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { TimedEvent } from "../../test/hls/flv-source.ts";
import { checkMedia, follow } from "../../test/hls/follow.ts";
import { OriginBench } from "../../test/hls/origin-bench.ts";
import { type SyntheticStream, synthesize, videoTrack } from "../../test/hls/synthetic.ts";
import { decodeSamples } from "../formats/mp4/samples.ts";
import { decodeTs } from "../formats/mpegts/demuxer.ts";
import { hlsSchema } from "./config.ts";
import { HlsOutput } from "./output.ts";
import type { RenditionEvent } from "./rendition.ts";
import type { RenditionMemory, RenditionRecorder, RenditionState } from "./rendition-memory.ts";

setDefaultTimeout(30_000);

const STREAM: SyntheticStream = { seconds: 60, fps: 30, gop: 60, audio: true, milliseconds: true };
/** With one that is open. */
const KEPT = 7;

/** What is left of a process that is killed. */
class Recording {
  readonly #segments: { readonly discontinuitySequence: number; readonly events: RenditionEvent[] }[] = [];
  #init: RenditionEvent | undefined;
  #state: RenditionState | undefined;

  readonly record: RenditionRecorder = (event, state) => {
    if (event.type === "init") this.#init = event;
    if (event.type === "open") {
      const { discontinuitySequence } = state;
      this.#segments.push({ discontinuitySequence, events: this.#init ? [this.#init, event] : [event] });
    }
    if (event.type !== "part" && event.type !== "segment") return;
    this.#segments.at(-1)?.events.push(event);
    this.#state = state;
  };

  get memory(): RenditionMemory {
    const state = this.#state;
    // A segment of which nothing was made is known by nobody.
    const segments = this.#segments.filter(({ events }) =>
      events.some(({ type }) => type === "part" || type === "segment"),
    );
    const kept = segments.slice(-KEPT);
    if (!state?.position || !kept[0]) throw new Error("nothing was recorded");
    return {
      events: kept.flatMap(({ events }) => events),
      discontinuitySequence: kept[0].discontinuitySequence,
      state: { ...state, position: state.position },
    };
  }
}

type Process = { readonly killed: number; readonly started: number };

/** A stream whose server is killed and started again, in virtual time; seconds. */
class RestartedBench extends OriginBench {
  readonly #config: Record<string, unknown>;
  readonly #restarts: Process[];
  #recording: Recording;
  #current: HlsOutput;
  readonly #media: readonly TimedEvent[];
  #next = 0;

  constructor(media: readonly TimedEvent[], restarts: readonly Process[], config: Record<string, unknown> = {}) {
    const recording = new Recording();
    super([], config, { recorder: recording.record });
    this.#recording = recording;
    this.#current = this.output;
    this.#media = media;
    this.#restarts = [...restarts];
    this.#config = config;
  }

  override run(seconds: number): this {
    for (let restart = this.#restarts[0]; restart && seconds >= restart.started; restart = this.#restarts[0]) {
      this.#restarts.shift();
      this.#play(restart.killed);
      this.now = restart.started * 1000;
      const { memory } = this.#recording;
      this.#recording = new Recording();
      // What is left is of the process before, too.
      for (const event of memory.events) this.#recording.record(event, memory.state);
      this.#current = new HlsOutput({
        path: "live/test",
        config: hlsSchema.parse(this.#config),
        firstMsn: 1,
        wallclockAt: (now) => Date.UTC(2026, 0, 1) + now,
        resume: { memory, now: this.now },
        recorder: this.#recording.record,
      });
      this.origin.add(this.#current);
      while (this.#media[this.#next] && (this.#media[this.#next] as TimedEvent).at < this.now) this.#next++;
    }
    return this.#play(seconds);
  }

  #play(seconds: number): this {
    const until = seconds * 1000;
    for (;;) {
      const timed = this.#media[this.#next];
      const timer = this.origin.deadline;
      const at = Math.min(timed?.at ?? Number.POSITIVE_INFINITY, timer ?? Number.POSITIVE_INFINITY);
      if (at > until) break;
      this.now = Math.max(this.now, at);
      if (timed && timed.at <= at) {
        this.#current.write(timed.event, this.now);
        this.#next++;
      } else this.origin.tick(this.now);
    }
    this.now = Math.max(this.now, until);
    return this;
  }
}

/** An encoder's media that begins to come at `at` seconds; its times begin anew. */
function encoder(at: number, stream: Partial<SyntheticStream> = {}): TimedEvent[] {
  return synthesize({ ...STREAM, ...stream }).map((timed) => ({ ...timed, at: timed.at + at * 1000 }));
}

const OTHER_RECORD = Uint8Array.of(1, 0x4d, 0, 0x1e, 0xff, 0xe1, 0, 1, 0x67, 1, 0, 1, 0x68);

function otherRecord({ at, event }: TimedEvent): TimedEvent {
  if (event.type !== "tracks") return { at, event };
  const tracks = event.tracks.map((track) => (track.kind === "video" ? videoTrack(30, OTHER_RECORD) : track));
  return { at, event: { ...event, tracks } };
}

/** What is there of each segment that was ever listed, and that it never changes. */
function bytesStay(bench: OriginBench, from: number, to: number): string[] {
  const known = new Map<string, string>();
  const faults: string[] = [];
  for (let at = from; at <= to; at += 0.2) {
    const { segments } = bench.run(at).playlist();
    for (const { uri, parts } of segments) {
      for (const name of [uri ?? [], parts.map((part) => part.uri)].flat()) {
        const body = bench.ask(name).answer?.body;
        const hash = body instanceof Uint8Array ? Bun.hash(body).toString() : "none";
        const before = known.get(name);
        if (hash === "none" || (before !== undefined && before !== hash)) faults.push(`${name} at ${at.toFixed(1)} s`);
        known.set(name, hash);
      }
    }
  }
  return [...new Set(faults)];
}

describe("players go on over a restart of the server", () => {
  const cases: readonly [what: string, stream: Partial<SyntheticStream>][] = [
    ["picture and sound", {}],
    ["picture only", { audio: false }],
    ["sound only", { fps: 0, gop: 0 }],
    ["25 frames a second, keyframes every 3 s", { fps: 25, gop: 75 }],
    ["B-frames", { reorder: 2 }],
  ];
  for (const format of ["cmaf", "mpegts"]) {
    for (const [what, stream] of cases) {
      for (const killed of [20.02, 21.3]) {
        for (const [started, back] of [
          [killed + 0.3, killed + 1.4],
          [killed + 3, killed + 9],
        ] as const) {
          const name = `${format}, ${what}: killed at ${killed} s, up at ${started.toFixed(1)} s, encoder back at ${back.toFixed(1)} s`;
          test(name, () => {
            const media = [...encoder(0, { ...stream, seconds: killed }), ...encoder(back, { ...stream, seconds: 12 })];
            const b = new RestartedBench(media, [{ killed, started }], { format });
            expect(follow(b, { from: 12, to: back + 10, late: 3.5, brokenHints: 1 })).toEqual([]);
            if (format === "cmaf") expect(checkMedia(b)).toEqual([]);
            expect(b.playlist().segments.some((segment) => segment.discontinuity)).toBe(false);
          });
        }
      }
    }

    test(`${format}: killed twice, before the encoder is back`, () => {
      const restarts = [
        { killed: 20.2, started: 20.5 },
        { killed: 22.9, started: 23.3 },
      ];
      const b = new RestartedBench([...encoder(0, { seconds: 20.2 }), ...encoder(25, { seconds: 12 })], restarts, {
        format,
      });
      expect(follow(b, { from: 12, to: 35, late: 3.5, brokenHints: 2 })).toEqual([]);
    });

    test(`${format}: bytes under a name never change`, () => {
      const media = [...encoder(0, { seconds: 20.2 }), ...encoder(22, { seconds: 12 })];
      const b = new RestartedBench(media, [{ killed: 20.2, started: 20.5 }], { format });
      expect(bytesStay(b, 12, 32)).toEqual([]);
    });

    test(`${format}: back with another configuration`, () => {
      const media = [...encoder(0, { seconds: 20.2 }), ...encoder(22, { seconds: 12 }).map(otherRecord)];
      const b = new RestartedBench(media, [{ killed: 20.2, started: 20.5 }], { format });
      expect(follow(b, { from: 12, to: 32, late: 3.5, brokenHints: 1 })).toEqual([]);
      expect(b.playlist().segments.filter((segment) => segment.discontinuity).length).toBe(1);
    });

    test(`${format}: without a stand-in it goes on when the encoder is back`, () => {
      const media = [...encoder(0, { seconds: 20.2 }), ...encoder(22, { seconds: 12 })];
      const b = new RestartedBench(media, [{ killed: 20.2, started: 20.5 }], { format, standIn: false });
      const { mediaSequence, segments } = b.run(20).playlist();
      expect(b.run(21).playlist().segments.length).toBeGreaterThan(3);
      const after = b.run(30).playlist();
      expect(after.mediaSequence + after.segments.length).toBeGreaterThan(mediaSequence + segments.length + 3);
      expect(after.segments.some((segment) => segment.discontinuity)).toBe(false);
    });
  }

  test("the playlist ends when nobody comes within the grace", () => {
    const b = new RestartedBench(encoder(0, { seconds: 20.2 }), [{ killed: 20.2, started: 20.5 }], { grace: 10 });
    expect(follow(b, { from: 12, to: 32, late: 3.5, brokenHints: 2 })).toEqual([]);
    expect(b.playlist().ended).toBe(true);
  });

  test("MPEG-TS: continuity counters run on", () => {
    const media = [...encoder(0, { seconds: 20.2 }), ...encoder(22, { seconds: 12 })];
    const b = new RestartedBench(media, [{ killed: 20.2, started: 20.5 }], { format: "mpegts" });
    let counters: ReadonlyMap<number, number> = new Map();
    for (const { uri } of b.run(30).playlist().segments) {
      const body = b.ask(uri ?? "").answer?.body;
      if (!(body instanceof Uint8Array)) throw new Error(`${uri} cannot be had`);
      // Throws where they do not.
      counters = decodeTs(body, counters).counters;
    }
    expect(counters.size).toBeGreaterThan(2);
  });

  test("times of sound and picture go on without a hole", () => {
    const media = [...encoder(0, { seconds: 20.2 }), ...encoder(22, { seconds: 12 })];
    const b = new RestartedBench(media, [{ killed: 20.2, started: 20.5 }]);
    const ends = new Map<number, number>();
    for (const { uri } of b.run(24).playlist().segments) {
      const body = uri === undefined ? undefined : b.ask(uri).answer?.body;
      if (!(body instanceof Uint8Array)) continue;
      for (const { trackId, dts, duration } of decodeSamples(body)) {
        const end = ends.get(trackId);
        if (end !== undefined) expect(dts).toBe(end);
        ends.set(trackId, dts + duration);
      }
    }
    expect(ends.size).toBe(2);
  });
});
