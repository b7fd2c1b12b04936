import { expect, test } from "bun:test";
import { parseMediaPlaylist } from "../../src/formats/m3u8/parse-media-playlist.ts";
import { hlsSchema } from "../../src/hls/config.ts";
import { HlsOutput } from "../../src/hls/output.ts";
import type { MediaEvent } from "../../src/media/event.ts";
import type { Track } from "../../src/media/track.ts";
import { audioTrack, videoTrack } from "../hls/synthetic.ts";
import { random } from "../support/mutations.ts";

const RUNS = 60;
const EVENTS = 600;

/** Any order of events, any times: playlists stay legal, and nothing is thrown. */
test.each(["cmaf", "mpegts"])("%s: events in any order and with any times", (format) => {
  for (let seed = 1; seed <= RUNS; seed++) {
    const next = random(seed);
    const below = (limit: number) => Math.floor(next() * limit);
    const faults: unknown[] = [];
    const output = new HlsOutput({
      path: "live/test",
      config: hlsSchema.parse({ format, grace: 5 }),
      firstMsn: 0,
      wallclockAt: (now) => now,
      onFault: (error) => faults.push(error),
    });
    let now = 0;
    const dts = [900_000, 480_000];
    let lastSequence = -1;
    let announced: string | undefined;
    const event = (): MediaEvent => {
      const roll = below(100);
      if (roll === 0) return { type: "tracks", tracks: someTracks(below(4), below(3)) };
      if (roll === 1)
        return { type: "gap", reason: (["publisher-lost", "timeline-reset", "lagged"] as const)[below(3)] ?? "lagged" };
      const track = below(2);
      const scale = track === 0 ? 90_000 : 48_000;
      const steps = [1, scale / 30, scale / 30, scale / 30, scale / 2, scale * 3, scale * 30];
      dts[track] =
        (dts[track] ?? 0) + Math.max(1, Math.round((steps[below(seed % 7 === 0 ? 7 : 4)] ?? 1) * (0.5 + next())));
      const at = dts[track] ?? 0;
      const key = track === 1 || below(30) === 0;
      const pts = at + below(9000) - 2000;
      return {
        type: "packet",
        track: track + 1,
        dts: at,
        pts: Math.max(0, pts),
        duration: 0,
        key,
        data: Uint8Array.of(0, 0, 0, 1, 0x65),
      };
    };
    output.write({ type: "tracks", tracks: someTracks(3, 0) }, now);
    for (let i = 0; i < EVENTS; i++) {
      now += below(40);
      output.write(event(), now);
      if (i % 20 !== 0) continue;
      output.tick(now);
      output.request("main.m3u8", "", now, (answer) => {
        if (answer.status !== 200 || !answer.body || !("bytes" in answer.body)) return;
        const playlist = parseMediaPlaylist(new TextDecoder().decode(answer.body.bytes));
        expect(playlist.mediaSequence).toBeGreaterThanOrEqual(lastSequence);
        lastSequence = playlist.mediaSequence;
        const control = JSON.stringify([playlist.targetDuration, playlist.partTarget, playlist.serverControl]);
        expect(control).toBe(announced ?? control);
        announced = playlist.ended ? undefined : control;
        for (const segment of playlist.segments) {
          // A pause of the encoder inside a TS segment makes it longer than any frame.
          if (format === "cmaf") expect(Math.round(segment.duration)).toBeLessThanOrEqual(playlist.targetDuration);
          for (const part of segment.parts)
            expect(part.duration).toBeLessThanOrEqual((playlist.partTarget ?? 0) + 1e-9);
        }
      });
    }
    output.write({ type: "end" }, now);
    output.tick(now + 100_000);
    expect(output.waiting).toBe(0);
    expect(faults).toEqual([]);
  }
});

function someTracks(which: number, config: number): Track[] {
  const tracks: Track[] = [];
  const record = Uint8Array.of(
    1,
    0x64,
    config,
    0x1f,
    0xff,
    0xe1,
    0,
    4,
    0x67,
    0x64,
    0,
    0x1f,
    1,
    0,
    4,
    0x68,
    0xeb,
    0xe3,
    0xcb,
  );
  if (which & 1) tracks.push(videoTrack(config === 0 ? 30 : undefined, record));
  if (which & 2) tracks.push(audioTrack());
  return tracks;
}
