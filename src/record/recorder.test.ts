import { describe, expect, test } from "bun:test";
import type { TimedEvent } from "../../test/hls/flv-source.ts";
import { type SyntheticStream, synthesize, videoTrack } from "../../test/hls/synthetic.ts";
import { ByteReader } from "../bytes/reader.ts";
import { readTag } from "../formats/flv/tag.ts";
import { findBox, findBoxes, walkBoxes } from "../formats/mp4/boxes.ts";
import { recorderSchema } from "./config.ts";
import { recordingName } from "./file-name.ts";
import { type RecordedFile, Recorder } from "./recorder.ts";

const STREAM: SyntheticStream = { seconds: 12, fps: 25, gop: 50, audio: true, milliseconds: true };

type File = { readonly name: string; bytes: number[]; patched: boolean; recorded: RecordedFile | undefined };

function record(events: readonly TimedEvent[], config: Record<string, unknown> = {}): File[] {
  const files: File[] = [];
  const recorder = new Recorder({
    config: recorderSchema.parse({ directory: "x", ...config }),
    name: "rec",
    path: "live/test",
    wallclockAt: (now) => now,
    open: (name) => {
      const file: File = { name, bytes: [], patched: false, recorded: undefined };
      files.push(file);
      return {
        write: ({ bytes, at }) => {
          if (at === undefined) for (const byte of bytes) file.bytes.push(byte);
          else for (const [index, byte] of bytes.entries()) file.bytes[at + index] = byte;
          file.patched ||= at !== undefined;
        },
        close: (recorded) => {
          file.recorded = recorded;
        },
      };
    },
  });
  for (const { event, at } of events) recorder.write(event, at);
  return files;
}

/** Types, times and sizes of the tags of an FLV file. */
function tagsOf({ bytes }: File): { type: number; timestamp: number; size: number }[] {
  const reader = new ByteReader(Uint8Array.from(bytes));
  reader.skip(13);
  const tags = [];
  while (reader.left > 0) {
    const { type, timestamp, body } = readTag(reader);
    tags.push({ type, timestamp, size: body.length });
  }
  return tags;
}

function viewOf(bytes: Uint8Array, path: string): DataView {
  const box = findBox(bytes, path);
  return new DataView((box as NonNullable<typeof box>).payload.slice().buffer);
}

const END: TimedEvent = { at: 99_000, event: { type: "end" } };
const LOST: TimedEvent = { at: 50_000, event: { type: "gap", reason: "publisher-lost" } };

describe("a recording", () => {
  test("as MP4 is whole fragments, then its length and an index of keyframes", () => {
    const [file, ...others] = record([...synthesize(STREAM), END]);
    expect(others).toEqual([]);
    const bytes = Uint8Array.from(file?.bytes ?? []);
    const top = [...walkBoxes(bytes)].filter(({ path }) => !path.includes("/")).map(({ type }) => type);
    expect(top.slice(0, 4)).toEqual(["ftyp", "moov", "moof", "mdat"]);
    expect(top.at(-1)).toBe("mfra");
    expect(file?.recorded).toMatchObject({ reason: "stream-ended", bytes: bytes.length });
    expect(file?.recorded?.duration).toBeCloseTo(12, 0);

    const length = viewOf(bytes, "moov/mvex/mehd");
    expect(Number(length.getBigUint64(4)) / 1000).toBeCloseTo(12, 1);
    const index = viewOf(bytes, "mfra/tfra");
    expect(index.getUint32(12)).toBe(6);
    const moofs = new Set(findBoxes(bytes, "moof").map(({ offset }) => offset));
    for (let entry = 0; entry < 6; entry++) {
      const at = 16 + entry * 19;
      expect(Number(index.getBigUint64(at))).toBe(entry * 180_000);
      expect(moofs.has(Number(index.getBigUint64(at + 8)))).toBe(true);
    }
    // Times begin at 0, whatever the stream's are.
    const tfdt = findBox(bytes, "moof/traf/tfdt")?.payload as Uint8Array;
    expect([...tfdt.subarray(4)].every((byte) => byte === 0)).toBe(true);
  });

  test("as FLV has times from 0, and a head by which it plays", () => {
    const [file] = record([...synthesize(STREAM), END], { format: "flv" });
    const tags = tagsOf(file as File);
    expect(tags.slice(0, 3).map(({ type }) => type)).toEqual([18, 9, 8]);
    expect(tags[0]?.timestamp).toBe(0);
    expect(tags.filter(({ type }) => type === 9).length).toBe(12 * 25 + 1);
    expect(tags.at(-1)?.timestamp).toBeGreaterThan(11_900);
    expect(file?.patched).toBe(false);
  });

  test("by request begins at the next keyframe, and the next encoder's waits for another", () => {
    const files: { name: string; reason?: string }[] = [];
    const recorder = new Recorder({
      config: recorderSchema.parse({ directory: "x", format: "flv", manual: true, file: "{name}-{unix}" }),
      name: "rec",
      path: "live/test",
      wallclockAt: (now) => now,
      open: (name) => {
        const file: (typeof files)[number] = { name };
        files.push(file);
        return { write: () => {}, close: ({ reason }) => void (file.reason = reason) };
      },
    });
    const told: (string | undefined)[] = [];
    for (const { event, at } of synthesize(STREAM)) {
      if (told.length === 0 && at > 3000) told.push(recorder.start(at), recorder.start(at));
      if (told.length === 2 && at > 8000) {
        recorder.stop();
        told.push("stopped");
      }
      recorder.write(event, at);
    }
    expect(told).toEqual(["test-3", undefined, "stopped"]);
    expect(files).toEqual([{ name: "test-3", reason: "stopped" }]);
    recorder.write(LOST.event, LOST.at);
    for (const { event, at } of synthesize({ ...STREAM, start: 60 })) recorder.write(event, at + 60_000);
    expect(files.length).toBe(1);
  });

  test("that goes on in a file writes no second head, and its times go on", () => {
    const file: File = { name: "", bytes: [], patched: false, recorded: undefined };
    const recorder = new Recorder({
      config: recorderSchema.parse({ directory: "x", format: "flv", append: true }),
      name: "rec",
      path: "live/test",
      wallclockAt: (now) => now,
      open: () => ({
        goesOnAt: 5000,
        write: ({ bytes }) => void file.bytes.push(...bytes),
        close: () => {},
      }),
    });
    for (const { event, at } of [...synthesize(STREAM), END]) recorder.write(event, at);
    const tags = tagsOf({ ...file, bytes: [...new Array(13).fill(0), ...file.bytes] });
    expect(tags.find(({ type }) => type === 9)?.timestamp).toBe(5000);
    expect(tags.at(-1)?.timestamp).toBeGreaterThan(16_900);
  });

  test.each(["mp4", "flv"])("as %s is as long as its media, over a hole in it", (format) => {
    const hole = (seconds: number) => seconds > 3 && seconds < 7.9;
    const events = synthesize({ ...STREAM, audio: false, dropped: (index) => hole(index / 25) });
    const [file, ...others] = record([...events, END], { format });
    expect(others).toEqual([]);
    expect(file?.recorded?.duration).toBeCloseTo(12, 0);
    if (format === "flv") expect(tagsOf(file as File).at(-1)?.timestamp).toBe(11_960);
    else {
      const length = viewOf(Uint8Array.from(file?.bytes ?? []), "moov/mvex/mehd");
      expect(Number(length.getBigUint64(4)) / 1000).toBeCloseTo(12, 1);
    }
  });

  test("begins with a keyframe", () => {
    const events = synthesize(STREAM).filter(({ at, event }) => event.type === "tracks" || at > 500);
    const [file] = record([...events, END], { format: "flv" });
    expect(file?.recorded?.duration).toBeCloseTo(10, 0);
  });

  test("ends with its encoder, and the next one's is another file", () => {
    const again = synthesize({ ...STREAM, start: 40 }).filter(({ at }) => at > 0);
    const files = record([...synthesize(STREAM), LOST, ...again, END]);
    expect(files.map(({ recorded }) => recorded?.reason)).toEqual(["encoder-left", "stream-ended"]);
  });

  test("ends where the tracks change, and another begins at the next keyframe", () => {
    const events = synthesize({ ...STREAM, audio: false });
    const other = videoTrack(25, Uint8Array.of(1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 0, 0));
    const half = events.findIndex(({ at }) => at > 4_950);
    events.splice(half, 0, { at: 4_950, event: { type: "tracks", tracks: [other] } });
    const files = record([...events, END]);
    expect(files.map(({ recorded }) => recorded?.reason)).toEqual(["tracks-changed", "stream-ended"]);
    expect(files[1]?.recorded?.duration).toBeCloseTo(6, 0);
  });

  test.each([
    ["time", { pieceDuration: 4 }],
    ["size", { pieceSize: 16 * 4 * 50 }],
  ])("in pieces by %s: they begin at keyframes, and nothing is missing between them", (_, pieces) => {
    const files = record([...synthesize({ ...STREAM, audio: false, bytesPerFrame: 16 }), END], {
      format: "flv",
      ...pieces,
    });
    expect(files.length).toBeGreaterThan(2);
    const frames = files.map((file) => tagsOf(file).filter(({ type }) => type === 9).length - 1);
    expect(frames.reduce((sum, count) => sum + count)).toBe(12 * 25);
    for (const count of frames) expect(count % 50).toBe(0);
  });

  test.each([
    ["frames", { maxFrames: 60 }, 60],
    ["bytes", { maxSize: 2000 }, undefined],
  ])("stops after so many %s, and records the next encoder again", (_, limit, frames) => {
    const again = synthesize({ ...STREAM, start: 40 }).filter(({ at }) => at > 0);
    const files = record([...synthesize(STREAM), LOST, ...again, END], { format: "flv", ...limit });
    expect(files.map(({ recorded }) => recorded?.reason)).toEqual(["limit", "limit"]);
    const [file] = files as [File];
    if (frames) expect(tagsOf(file).filter(({ type }) => type === 9).length - 1).toBe(frames);
    else expect(file.bytes.length).toBeLessThan(2200);
  });

  test.each([
    ["audio", [8]],
    ["video", [9]],
    ["keyframes", [9]],
  ])("of %s alone", (media, types) => {
    const [file] = record([...synthesize(STREAM), END], { format: "flv", media });
    const tags = tagsOf(file as File).filter(({ type }) => type !== 18);
    expect([...new Set(tags.map(({ type }) => type))]).toEqual(types);
    if (media === "keyframes") expect(tags.length - 1).toBe(6);
  });
});

describe("the name of a file", () => {
  const wallclock = new Date(2026, 10, 23, 7, 5, 9).getTime();
  const name = (pattern: string, path = "live/test") => recordingName(pattern, { path, recorder: "hd", wallclock });

  test.each([
    ["{name}-%Y%m%d-%H%M%S", "test-20261123-070509"],
    ["{app}/{name}/%F-{recorder}", "live/test/2026-11-23-hd"],
    ["{unix}", String(wallclock / 1000)],
    ["%d-%b-%%", "23-%b-%"],
    ["{other}", "{other}"],
    ["../../{name}", "test"],
  ])("%s is %s", (pattern, expected) => {
    expect(name(pattern)).toBe(expected);
  });

  test.each(["live/../../etc/passwd", "live/a\u0000b", "live/..", "live/.hidden"])(
    "a stream cannot lead out: %s",
    (path) => {
      expect(name("{name}", path)).toMatch(/^[^/.\u0000][^/\u0000]*$/);
    },
  );

  test("is not longer than file systems take", () => {
    expect(new TextEncoder().encode(name("{name}", `live/${"ü".repeat(300)}`)).length).toBeLessThanOrEqual(200);
  });
});
