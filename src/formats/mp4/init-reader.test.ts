import { expect, test } from "bun:test";
import { aacRecords, avcRecords, flacStreams, hevcRecords, vp9Records } from "../../../test/support/codec-samples.ts";
import { decodeAacConfig } from "../../codecs/aac/config.ts";
import { decodeFlacConfig } from "../../codecs/flac/config.ts";
import { decodeAvcConfig } from "../../codecs/h264/config.ts";
import { decodeHevcConfig } from "../../codecs/hevc/config.ts";
import { opusConfig } from "../../codecs/opus/config.ts";
import { decodeVp9Config } from "../../codecs/vp9/config.ts";
import type { AudioConfig, Track, VideoConfig } from "../../media/track.ts";
import { findBox } from "./boxes.ts";
import { encodeInit } from "./init.ts";
import { decodeInit } from "./init-reader.ts";

const bytes = (sample: { readonly hex: string } | undefined) => Uint8Array.fromHex(sample?.hex ?? "");
const video = (config: VideoConfig): Track => ({ id: 0, kind: "video", timescale: 90_000, config });
const audio = (config: AudioConfig): Track => ({ id: 1, kind: "audio", timescale: 48_000, config });
const avc = decodeAvcConfig(bytes(avcRecords[0]));
const aac = decodeAacConfig(bytes(aacRecords[0]));

test("reads what was written", () => {
  const init = decodeInit(encodeInit([video(avc), audio(aac)]));
  expect(init.boxes).toEqual(["ftyp", "moov"]);
  expect(init.brands).toEqual(["iso6", "iso6", "mp41"]);
  expect(init).toMatchObject({ duration: 0, timescale: 1000, extendsBehindTracks: true });
  expect([...init.defaults.keys()]).toEqual([1, 2]);
  expect(init.tracks).toMatchObject([
    { id: 1, handler: "vide", timescale: 90_000, duration: 0, samples: 0, external: false, edits: [] },
    { id: 2, handler: "soun", timescale: 48_000, duration: 0, samples: 0, external: false, edits: [] },
  ]);
  const [entry] = init.tracks[0]?.entries ?? [];
  expect(entry).toMatchObject({ format: "avc1", codec: avc.codecString, width: avc.width, height: avc.height });
  expect(entry).toMatchObject({ lengthSize: 4, encrypted: false });
});

const codecs: readonly [track: Track, format: string][] = [
  [video(avc), "avc1"],
  [video(decodeHevcConfig(bytes(hevcRecords[0]))), "hvc1"],
  [video(decodeVp9Config(bytes(vp9Records[0]))), "vp09"],
  [audio(aac), "mp4a"],
  [audio(decodeFlacConfig(Uint8Array.fromHex(flacStreams[0].streamInfo))), "fLaC"],
  [audio(opusConfig(2)), "Opus"],
];

for (const [track, format] of codecs) {
  test(`the sample entry of ${format}`, () => {
    const entry = decodeInit(encodeInit([track])).tracks[0]?.entries[0];
    expect(entry?.format).toBe(format);
    expect(entry?.fault).toBeUndefined();
    const expected = track.kind === "data" ? "" : track.config.codecString;
    expect(entry?.codec.toLowerCase()).toBe(expected.toLowerCase());
  });
}

test("a broken record is a fault of its entry", () => {
  const init = encodeInit([video(avc)]);
  const record = findBox(init, "moov/trak/mdia/minf/stbl/stsd/avc1/avcC");
  record?.payload.fill(9);
  const entry = decodeInit(init).tracks[0]?.entries[0];
  expect(entry).toMatchObject({ format: "avc1", codec: "avc1", fault: "avcC: configurationVersion 9" });
});

test("an encrypted entry has its original format", () => {
  const init = encodeInit([video(avc)]);
  const entry = findBox(init, "moov/trak/mdia/minf/stbl/stsd/avc1");
  const last = findBox(init, "moov/trak/mdia/minf/stbl/stsd/avc1/avcC");
  if (!entry || !last) throw new Error("no entry");
  // The record gives way to a sinf of the same size or less, filled up by a free box.
  const at = last.offset;
  init.set(new TextEncoder().encode("encv"), entry.offset + 4);
  const view = new DataView(init.buffer, init.byteOffset);
  const box = (offset: number, size: number, type: string) => {
    view.setUint32(offset, size);
    init.set(new TextEncoder().encode(type), offset + 4);
  };
  box(at, 20, "sinf");
  box(at + 8, 12, "frma");
  init.set(new TextEncoder().encode("avc1"), at + 16);
  box(at + 20, last.size - 20, "free");
  expect(decodeInit(init).tracks[0]?.entries[0]).toMatchObject({ format: "avc1", encrypted: true });
});
