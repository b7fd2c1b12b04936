import { describe, expect, test } from "bun:test";
import type { TimedEvent } from "../../test/hls/flv-source.ts";
import { checkMedia, follow } from "../../test/hls/follow.ts";
import { OriginBench } from "../../test/hls/origin-bench.ts";
import { AUDIO_ID, synthesize, VIDEO_ID } from "../../test/hls/synthetic.ts";
import { decodeSamples } from "../formats/mp4/samples.ts";
import type { Packet } from "../media/event.ts";
import { MissingSound } from "./missing-sound.ts";

const source = synthesize({ seconds: 60, fps: 30, gop: 60, audio: true, milliseconds: true });

function without(track: number, from: number, to: number): TimedEvent[] {
  return source.filter(
    ({ at, event }) => event.type !== "packet" || event.track !== track || at < from * 1000 || at >= to * 1000,
  );
}

/** What is put in. */
function fillings(events: readonly TimedEvent[]): Packet[] {
  const missing = new MissingSound();
  const out: Packet[] = [];
  for (const { event } of events) missing.before(event, (packet) => out.push(packet));
  return out;
}

describe("sound that stays away", () => {
  test("is replaced by silence, without a hole before or behind", () => {
    const events = without(AUDIO_ID, 20, 30);
    const put = fillings(events);
    const real = events.flatMap(({ event }) => (event.type === "packet" && event.track === AUDIO_ID ? [event] : []));
    const all = [...real, ...put].sort((a, b) => a.dts - b.dts);
    const steps = all.slice(1).map((packet, i) => packet.dts - (all[i]?.dts ?? 0));
    expect(put.length).toBeCloseTo((10 * 48_000) / 1024, -1);
    // Stamps are whole milliseconds.
    expect(Math.min(...steps)).toBeGreaterThan(1024 / 2 - 48);
    expect(Math.max(...steps)).toBeLessThan(1024 * 1.5 + 96);
  });

  test("that was never there is replaced too", () => {
    expect(fillings(without(AUDIO_ID, 0, 60)).length).toBeGreaterThan((59 * 48_000) / 1024);
  });

  test("that always comes late is not", () => {
    const late = source
      .map(({ at, event }) => ({ at: event.type === "packet" && event.track === AUDIO_ID ? at + 500 : at, event }))
      .sort((a, b) => a.at - b.at);
    expect(fillings(late)).toEqual([]);
  });

  test("and that comes back late has its place behind the silence, at once and for good", () => {
    for (const [late, kept] of [
      [100, 1],
      [400, 0.95],
      [1500, 0.95],
    ] as const) {
      const missing = new MissingSound();
      const times: number[] = [];
      let real = 0;
      const events = without(AUDIO_ID, 20, 30)
        .map(({ at, event }) => ({
          at: event.type === "packet" && event.track === AUDIO_ID && at >= 30_000 ? at + late : at,
          event,
        }))
        .sort((a, b) => a.at - b.at);
      for (const { event } of events) {
        const isPlaced = missing.before(event, ({ dts }) => times.push(dts));
        if (event.type !== "packet" || event.track !== AUDIO_ID || !isPlaced) continue;
        times.push(event.dts);
        if (event.dts >= 40 * 48_000) real++;
      }
      expect(times.slice(1).filter((dts, i) => dts <= (times[i] ?? 0))).toEqual([]);
      expect(real / ((30 * 48_000) / 1024)).toBeGreaterThan(kept - 0.01);
    }
  });

  test("and a picture that stays away is nothing to this", () => {
    expect(fillings(source)).toEqual([]);
    expect(fillings(without(VIDEO_ID, 20, 30))).toEqual([]);
  });

  test("viewers get a stream without a hole", () => {
    const b = new OriginBench(without(AUDIO_ID, 20.1, 30.3));
    expect(follow(b, { from: 10, to: 45 })).toEqual([]);
    expect(checkMedia(b)).toEqual([]);
    const ends = new Map<number, number>();
    for (const { uri } of b.playlist().segments) {
      const body = uri === undefined ? undefined : b.ask(uri).answer?.body;
      if (!(body instanceof Uint8Array)) continue;
      for (const { trackId, dts, duration } of decodeSamples(body)) {
        // 48 ms: no sample is stretched to bridge a hole.
        if (trackId === 2) expect(duration).toBeLessThan(48 * 48);
        ends.set(trackId, dts + duration);
      }
      const [video, audio] = [(ends.get(1) ?? 0) / 90_000, (ends.get(2) ?? 0) / 48_000];
      expect(Math.abs(video - audio)).toBeLessThan(1);
    }
  });
});
