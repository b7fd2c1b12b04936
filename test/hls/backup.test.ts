import { describe, expect, test } from "bun:test";
import type { Millis } from "../../src/media/time.ts";
import { backupSchema } from "../../src/streams/config.ts";
import type { Publisher } from "../../src/streams/publish.ts";
import { StreamRegistry } from "../../src/streams/registry.ts";
import type { TimedEvent } from "./flv-source.ts";
import { checkMedia, follow } from "./follow.ts";
import { OriginBench } from "./origin-bench.ts";
import { type SyntheticStream, synthesize } from "./synthetic.ts";

type Encoder = {
  readonly backup?: boolean;
  /** When it publishes and when its connection is closed, in seconds. */
  readonly from: number;
  readonly to?: number;
  /** It is connected but sends nothing in between. */
  readonly silent?: readonly [from: number, to: number];
  readonly stream?: Partial<SyntheticStream>;
};

const STREAM: SyntheticStream = { seconds: 60, fps: 30, gop: 60, audio: true, milliseconds: true };
const TICK: Millis = 200;

/** A stream with its encoders, its registry and its origin, in virtual time. */
class BackupBench extends OriginBench {
  readonly #script: { readonly at: Millis; readonly act: () => void }[] = [];
  readonly #registry: StreamRegistry;
  #nextTick: Millis = 0;

  constructor(encoders: readonly Encoder[], backup: Record<string, unknown> = {}) {
    super([]);
    const policy = {
      live: true,
      secondPublisher: "refuse" as const,
      graceMs: 60_000,
      backup: backupSchema.parse(backup),
    };
    this.#registry = new StreamRegistry({
      policy: () => policy,
      maxStreams: 1,
      onStream: (stream, now) => void stream.attach(this.output.write, now),
      onRemoved: () => {},
      onSinkFailure: (_, error) => {
        throw error;
      },
    });
    for (const encoder of encoders) this.#plan(encoder);
    this.#script.sort((a, b) => a.at - b.at);
  }

  #plan({ backup, from, to = 60, silent, stream }: Encoder): void {
    let publisher: Publisher | undefined;
    const at = (seconds: number, act: () => void) => this.#script.push({ at: seconds * 1000, act });
    const request = { path: "live/test", protocol: "rtmp", remote: "", query: backup ? "backup=1" : "" };
    at(from, () => {
      publisher = this.#registry.publish({ ...request, onClosed: () => {} }, this.now);
    });
    const seconds = to - from;
    // Each encoder counts time from a moment of its own.
    const events: readonly TimedEvent[] = synthesize({ ...STREAM, start: 100 + 7 * from, ...stream, seconds });
    const offset = (events.find(({ event }) => event.type === "packet")?.at ?? 0) - 1;
    for (const { at: time, event } of events) {
      const when = from + Math.max(0.001, (time - offset) / 1000);
      if (silent && when >= silent[0] && when < silent[1]) continue;
      at(when, () => publisher?.write(event, this.now));
    }
    at(to, () => publisher?.close("gone", this.now));
  }

  override run(seconds: number): this {
    const until = seconds * 1000;
    for (;;) {
      const [first] = this.#script;
      const at = Math.min(
        first?.at ?? Number.POSITIVE_INFINITY,
        this.origin.deadline ?? Number.POSITIVE_INFINITY,
        this.#nextTick,
      );
      if (at > until) break;
      this.now = Math.max(this.now, at);
      if (first && first.at <= at) {
        this.#script.shift();
        first.act();
      } else if (this.#nextTick <= at) {
        this.#registry.tick(this.now);
        this.#nextTick += TICK;
      } else this.origin.tick(this.now);
    }
    this.now = until;
    return this;
  }
}

describe("viewers of a stream with two encoders", () => {
  const primary: Encoder = { from: 0 };
  const backup: Encoder = { from: 0.9, backup: true };
  const other: Partial<SyntheticStream> = { fps: 25, gop: 50, audio: false };
  test.each<[string, readonly Encoder[], number]>([
    ["the first leaves", [{ ...primary, to: 20.3 }, backup], 0],
    ["the first leaves right before the backup's next keyframe", [{ ...primary, to: 20.85 }, backup], 0],
    ["the first leaves right behind the backup's keyframe", [{ ...primary, to: 20.95 }, backup], 0],
    ["the first stays connected and sends nothing", [{ ...primary, silent: [20.3, 60] }, backup], 0],
    ["the first leaves and comes back", [{ ...primary, to: 20.3 }, backup, { from: 23 }], 0],
    ["the first pauses and comes back", [{ ...primary, silent: [20.3, 24] }, backup], 0],
    ["one after the other leaves", [{ ...primary, to: 20.3 }, { ...backup, to: 26.7 }, { from: 22 }], 0],
    [
      "the backup sends other tracks",
      [
        { ...primary, to: 20.3 },
        { ...backup, stream: other },
      ],
      1,
    ],
    [
      "the backup sends other tracks, and the first comes back",
      [{ ...primary, to: 20.3 }, { ...backup, stream: other }, { from: 23 }],
      2,
    ],
  ])("%s: they see no hole, and a discontinuity only where the tracks change", (_, encoders, discontinuities) => {
    const bench = new BackupBench(encoders);
    // The one that falls silent is given a second.
    const faults = follow(bench, { from: 12, to: 40, late: 1, brokenHints: 2 * discontinuities });
    expect(faults.filter((fault) => !isLeap(fault))).toEqual([]);
    expect(checkMedia(bench)).toEqual([]);
    expect(bench.playlist().segments.filter((segment) => segment.discontinuity).length).toBe(discontinuities);
  });

  test("the take-over is at once, and with the backup's whole group of pictures", () => {
    const bench = new BackupBench([
      { ...primary, to: 20.3 },
      { ...backup, stream: other },
    ]);
    bench.run(20.29);
    expect(bench.playlist().segments.some((segment) => segment.discontinuity)).toBe(false);
    bench.run(20.31);
    const after = bench.playlist();
    const open = after.segments.at(-1);
    expect(open?.discontinuity).toBe(true);
    expect(open?.parts[0]?.independent).toBe(true);
    // The backup's last keyframe came 1.4 s before the end of the first encoder: three parts of 0.4 s are there at once.
    expect(open?.parts.length).toBe(3);
    expect(after.segments.at(-2)?.uri).toBeDefined();
  });
});

/** For a second nothing came, and the backup had less at hand: the media goes on, and its program date-time leaps. */
function isLeap(fault: string): boolean {
  return Number(/the program date-time of segment \d+ is off by (\d+) ms$/.exec(fault)?.[1] ?? 1000) < 1000;
}
