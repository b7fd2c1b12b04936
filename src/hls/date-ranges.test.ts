import { describe, expect, test } from "bun:test";
import type { TimedEvent } from "../../test/hls/flv-source.ts";
import { follow } from "../../test/hls/follow.ts";
import { OriginBench, textOf } from "../../test/hls/origin-bench.ts";
import { synthesize } from "../../test/hls/synthetic.ts";
import { encodeAmf0 } from "../formats/amf/amf0.ts";
import type { DateRange } from "../media/date-range.ts";

const START = Date.UTC(2026, 0, 1);
const stream = synthesize({ seconds: 120, fps: 30, gop: 60, audio: true, milliseconds: true });

/** A cue point at `at` seconds of the stream. */
function cue(at: number, name: string): TimedEvent {
  const value = encodeAmf0("onCuePoint", { name });
  // Media times begin at 10 s.
  return { at: at * 1000, event: { type: "data", track: 1000, pts: (10 + at) * 1000, kind: "amf", value } };
}

function withCues(...cues: readonly TimedEvent[]): TimedEvent[] {
  return [...stream, ...cues].sort((a, b) => a.at - b.at);
}

function linesOf(bench: OriginBench, query = ""): string[] {
  return textOf(bench.ask("main.m3u8", query).answer).split("\n");
}

function rangesIn(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /^#EXT-X-DATERANGE:ID="([^"]*)"/.exec(line)?.[1] ?? []);
}

describe("date ranges in the playlist", () => {
  test("one stands where the playlist ended when it came, with the wall clock of its media", () => {
    const b = new OriginBench(withCues(cue(20.9, "goal"))).run(21);
    const lines = linesOf(b);
    const at = lines.findIndex((line) => line.startsWith("#EXT-X-DATERANGE"));
    expect(lines[at]).toBe(
      `#EXT-X-DATERANGE:ID="onCuePoint-${START + 20_900}-0",CLASS="onCuePoint",START-DATE="2026-01-01T00:00:20.900Z",X-NAME="goal"`,
    );
    expect(lines[at - 1]).toContain(".1.m4s");
    expect(lines[at + 1]).toContain("PRELOAD-HINT");
    // What comes later is appended behind it.
    const later = linesOf(b.run(21.3));
    expect(later.slice(0, at + 1)).toEqual(lines.slice(0, at + 1));
    expect(later[at + 1]).toContain(".2.m4s");
  });

  test("it stays while it maps to a segment, and its tags do not move those of segments", () => {
    const b = new OriginBench(withCues(cue(20.9, "goal")));
    expect(follow(b, { from: 12, to: 60 })).toEqual([]);
    const b2 = new OriginBench(withCues(cue(20.9, "goal")));
    for (let at = 21; at < 51; at++) expect(rangesIn(linesOf(b2.run(at))).length).toBe(1);
    expect(rangesIn(linesOf(b2.run(54)))).toEqual([]);
  });

  test("delta updates: YES keeps all, v2 leaves out the old and tells which were removed", () => {
    const b = new OriginBench(withCues(cue(20.9, "one"), cue(44.5, "two"))).run(45);
    const [one, two] = rangesIn(linesOf(b));
    expect(rangesIn(linesOf(b, "_HLS_skip=YES"))).toEqual([one, two] as string[]);
    expect(rangesIn(linesOf(b, "_HLS_skip=v2"))).toEqual([two] as string[]);
    expect(linesOf(b, "_HLS_skip=v2")).toContain("#EXT-X-VERSION:9");
    b.run(54);
    const removed = linesOf(b, "_HLS_skip=v2");
    expect(removed).toContain("#EXT-X-VERSION:10");
    expect(removed.find((line) => line.startsWith("#EXT-X-SKIP"))).toContain(`,RECENTLY-REMOVED-DATERANGES="${one}"`);
    expect(linesOf(b, "_HLS_skip=YES").join()).not.toContain("RECENTLY");
    b.run(68);
    expect(linesOf(b, "_HLS_skip=v2").join()).not.toContain(String(one));
  });

  test("a break stays until its end is known and has left", () => {
    const b = new OriginBench(stream).run(20);
    const section = Uint8Array.of(0xfc);
    const out: DateRange = { id: "a", start: START + 20_000, scte35: { kind: "OUT", section } };
    b.output.addDateRange(out, b.now);
    b.output.addDateRange(out, b.now);
    expect(rangesIn(linesOf(b.run(80)))).toEqual(["a"]);
    b.output.addDateRange({ ...out, duration: 60, scte35: { kind: "IN", section } }, b.now);
    expect(rangesIn(linesOf(b))).toEqual(["a", "a"]);
    expect(rangesIn(linesOf(b.run(100)))).toEqual(["a", "a"]);
    expect(rangesIn(linesOf(b.run(115)))).toEqual([]);
  });

  test("what contradicts, comes again after its end, or is one too many is left out", () => {
    const b = new OriginBench(stream).run(20);
    const range: DateRange = { id: "a", start: START + 20_000, class: "x" };
    b.output.addDateRange(range, b.now);
    b.output.addDateRange({ ...range, class: "y" }, b.now);
    b.output.addDateRange({ ...range, start: START + 21_000 }, b.now);
    expect(rangesIn(linesOf(b))).toEqual(["a"]);
    for (let i = 0; i < 500; i++) b.output.addDateRange({ id: `n${i}`, start: START + 20_000 }, b.now);
    expect(rangesIn(linesOf(b)).length).toBe(64);
    b.run(54);
    b.output.addDateRange({ ...range, start: START + 54_000 }, b.now);
    expect(rangesIn(linesOf(b))).toEqual([]);
  });

  test("text cannot break out of its line", () => {
    const b = new OriginBench(stream).run(20);
    b.output.addDateRange({ id: 'a"\n#EXT-X-ENDLIST', start: START, attributes: { T: "\u0085x\u0000\r" } }, b.now);
    const line = linesOf(b).find((one) => one.startsWith("#EXT-X-DATERANGE"));
    expect(line).toContain('ID="a#EXT-X-ENDLIST"');
    expect(line).toContain('X-T="x"');
    expect(linesOf(b)).not.toContain("#EXT-X-ENDLIST");
  });
});
