import { describe, expect, test } from "bun:test";
import {
  aacRecords,
  ac3Frames,
  av1Records,
  avcRecords,
  flacStreams,
  hevcRecords,
  mp3Frames,
  vp9Records,
} from "../../../test/support/codec-samples.ts";
import { MalformedError } from "../../bytes/errors.ts";
import { decodeAacConfig } from "../../codecs/aac/config.ts";
import { decodeAc3Config } from "../../codecs/ac3/config.ts";
import { decodeAv1Config } from "../../codecs/av1/config.ts";
import { decodeFlacConfig } from "../../codecs/flac/config.ts";
import { decodeAvcConfig } from "../../codecs/h264/config.ts";
import { decodeHevcConfig } from "../../codecs/hevc/config.ts";
import { decodeMp3Config } from "../../codecs/mp3/frame.ts";
import { opusConfig } from "../../codecs/opus/config.ts";
import { audioTimescale } from "../../codecs/timescale.ts";
import { decodeVp9Config } from "../../codecs/vp9/config.ts";
import type { AudioConfig, AudioTrack, Track, VideoConfig, VideoTrack } from "../../media/track.ts";
import { VIDEO_TIMESCALE } from "../../media/track.ts";
import { findBox, findBoxes, walkBoxes } from "./boxes.ts";
import { canCarry, encodeInit } from "./init.ts";

function bytes(sample: { readonly hex: string } | undefined): Uint8Array {
  return Uint8Array.fromHex(sample?.hex ?? "");
}

function video(config: VideoConfig): VideoTrack {
  return { id: 0, kind: "video", timescale: VIDEO_TIMESCALE, config };
}

function audio(config: AudioConfig, language?: string): AudioTrack {
  return { id: 1, kind: "audio", timescale: audioTimescale(config), config, language };
}

function payload(init: Uint8Array, path: string): string {
  return findBox(init, path)?.payload.toHex() ?? `no ${path}`;
}

const STSD = "moov/trak/mdia/minf/stbl/stsd";
const anamorphic = decodeAvcConfig(bytes(avcRecords[2]));
const stereo = decodeAacConfig(Uint8Array.fromHex("1190"));

describe("sample entries", () => {
  const flac = decodeFlacConfig(Uint8Array.fromHex(flacStreams[1].streamInfo));
  const eac3: AudioConfig = {
    codec: "eac3",
    record: Uint8Array.fromHex("0c00200f00"),
    codecString: "ec-3",
    sampleRate: 48_000,
    channels: 6,
    samplesPerPacket: 1536,
  };
  const vp9 = decodeVp9Config(bytes(vp9Records[0]));
  const cases: readonly [entry: string, box: string, content: string, track: Track][] = [
    ["avc1", "avcC", avcRecords[0]?.hex ?? "", video(decodeAvcConfig(bytes(avcRecords[0])))],
    ["hvc1", "hvcC", hevcRecords[0]?.hex ?? "", video(decodeHevcConfig(bytes(hevcRecords[0])))],
    ["av01", "av1C", av1Records[0]?.hex ?? "", video(decodeAv1Config(bytes(av1Records[0])))],
    ["vp09", "vpcC", `01000000${vp9Records[0]?.hex}`, video(vp9)],
    [
      "mp4a",
      "esds",
      "00000000" +
        "0380808022" +
        "000000" +
        "0480808014" +
        "4015" +
        "0000000000000000000000" +
        "0580808002" +
        "1190" +
        "0680808001" +
        "02",
      audio(decodeAacConfig(bytes(aacRecords[0]))),
    ],
    [
      "mp4a",
      "esds",
      "00000000" + "038080801b" + "000000" + "048080800d" + "6b15" + "0000000000000000000000" + "0680808001" + "02",
      audio(decodeMp3Config(bytes(mp3Frames[0]))),
    ],
    [
      "mp4a",
      "esds",
      "00000000" + "038080801b" + "000000" + "048080800d" + "6915" + "0000000000000000000000" + "0680808001" + "02",
      audio(decodeMp3Config(bytes(mp3Frames[1]))),
    ],
    ["Opus", "dOps", "000201380000bb80000000", audio(opusConfig(2))],
    ["fLaC", "dfLa", `0000000080000022${flacStreams[1].streamInfo}`, audio(flac)],
    ["ac-3", "dac3", ac3Frames[0].record, audio(decodeAc3Config(bytes(ac3Frames[0])))],
    ["ec-3", "dec3", "0c00200f00", audio(eac3)],
  ];
  for (const [entry, box, content, track] of cases) {
    test(`${entry} with ${box}`, () => {
      const init = encodeInit([track]);
      expect(findBoxes(init, `${STSD}/*`).map(({ type }) => type)).toEqual([entry]);
      expect(payload(init, `${STSD}/${entry}/${box}`)).toBe(content);
      expect(track.kind !== "data" && canCarry(track.config)).toBe(true);
    });
  }

  test("video: coded size, displayed size, colour, pixel aspect", () => {
    const init = encodeInit([video(anamorphic)]);
    const entry = findBox(init, `${STSD}/avc1`)?.payload ?? new Uint8Array(0);
    expect(entry.subarray(24, 28).toHex()).toBe("02d00240"); // 720x576
    expect(payload(init, `${STSD}/avc1/colr`)).toBe("6e636c7800010001000180");
    expect(payload(init, `${STSD}/avc1/pasp`)).toBe("000000100000000b");
    // 720 * 16 / 11 = 1047.27, in 16.16
    expect(payload(init, "moov/trak/tkhd").slice(-16)).toBe("041745d102400000");
  });

  test("video: square pixels and unknown colour are not written", () => {
    const init = encodeInit([video(decodeAvcConfig(bytes(avcRecords[0])))]);
    expect(findBoxes(init, `${STSD}/avc1/*`).map(({ type }) => type)).toEqual(["avcC"]);
  });

  test("audio: channels, sample size, a rate above 16 bits by its half", () => {
    const entry = (track: AudioTrack, type: string) =>
      findBox(encodeInit([track]), `${STSD}/${type}`)
        ?.payload.subarray(16, 28)
        .toHex();
    expect(entry(audio(stereo), "mp4a")).toBe("00020010" + "00000000" + "bb800000");
    expect(entry(audio(flac), "fLaC")).toBe("00020018" + "00000000" + "bb800000");
    expect(entry(audio(decodeAacConfig(Uint8Array.fromHex("2b118800"))), "mp4a")).toEndWith("5dc00000");
  });
});

describe("tracks", () => {
  test("two tracks: ids in order, timescales, handlers, defaults for each", () => {
    const init = encodeInit([video(anamorphic), audio(stereo)]);
    const types = [...walkBoxes(init)].filter(({ path }) => path.split("/").length <= 2).map(({ type }) => type);
    expect(types).toEqual(["ftyp", "moov", "mvhd", "trak", "trak", "mvex"]);
    const ids = findBoxes(init, "moov/trak/tkhd").map((box) => box.payload.subarray(12, 16).toHex());
    expect(ids).toEqual(["00000001", "00000002"]);
    const scales = findBoxes(init, "moov/trak/mdia/mdhd").map((box) => box.payload.subarray(12, 16).toHex());
    expect(scales).toEqual(["00015f90", "0000bb80"]);
    const handlers = findBoxes(init, "moov/trak/mdia/hdlr").map((box) => box.payload.subarray(8, 12).toHex());
    expect(handlers).toEqual(["76696465", "736f756e"]);
    expect(findBoxes(init, "moov/mvex/trex").map((box) => box.payload.toHex())).toEqual([
      `000000000000000100000001${"00".repeat(12)}`,
      `000000000000000200000001${"00".repeat(12)}`,
    ]);
    expect(payload(init, "moov/mvhd").slice(-8)).toBe("00000003");
  });

  test("the CMAF brand only for one track", () => {
    expect(payload(encodeInit([audio(stereo)]), "ftyp")).toContain("636d6663");
    expect(payload(encodeInit([video(anamorphic), audio(stereo)]), "ftyp")).not.toContain("636d6663");
  });

  test("a data track keeps its place and is not written", () => {
    const init = encodeInit([{ id: 9, kind: "data", timescale: 1000 }, audio(stereo)]);
    expect(findBoxes(init, "moov/trak/tkhd").map((box) => box.payload.subarray(12, 16).toHex())).toEqual(["00000002"]);
  });

  const languages: readonly [tag: string | undefined, packed: string, extended: string][] = [
    [undefined, "55c4", "no moov/trak/mdia/elng"], // und
    ["ko-KR", "2df2", "000000006b6f2d4b5200"], // kor
    ["en", "15c7", "00000000656e00"], // eng
    ["deu", "10b5", "0000000064657500"],
    ["x-klingon", "55c4", "00000000782d6b6c696e676f6e00"],
  ];
  for (const [tag, packed, extended] of languages) {
    test(`language ${tag}`, () => {
      const init = encodeInit([audio(stereo, tag)]);
      expect(payload(init, "moov/trak/mdia/mdhd").slice(40, 44)).toBe(packed);
      expect(payload(init, "moov/trak/mdia/elng")).toBe(extended);
    });
  }
});

describe("walkBoxes", () => {
  const broken: readonly [name: string, hex: string][] = [
    ["a cut header", "00000008 6d6f"],
    ["a box shorter than its header", "00000007 66726565"],
    ["a box longer than the file", "00000009 66726565"],
    ["an inner box longer than its outer", "00000010 6d6f6f76 00000010 66726565"],
    ["a sample entry without its fields", "00000018 73747364 0000000000000001 00000008 61766331"],
    ["nesting without end", "00000000 6d6f6f76".repeat(20)],
  ];
  for (const [name, hex] of broken) {
    test(`${name} is malformed`, () => {
      expect(() => [...walkBoxes(Uint8Array.fromHex(hex.replaceAll(" ", "")))]).toThrow(MalformedError);
    });
  }

  test("64-bit sizes, and a size of 0 to the end", () => {
    const file = Uint8Array.fromHex("00000001 66726565 0000000000000012 aabb 00000000 6d646174 cc".replaceAll(" ", ""));
    const boxes = [...walkBoxes(file)].map(({ type, offset, size, payload: body }) => [
      type,
      offset,
      size,
      body.toHex(),
    ]);
    expect(boxes).toEqual([
      ["free", 0, 18, "aabb"],
      ["mdat", 18, 9, "cc"],
    ]);
  });
});
