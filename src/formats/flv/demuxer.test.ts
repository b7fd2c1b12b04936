import { describe, expect, test } from "bun:test";
import type { MediaEvent, Packet } from "../../media/event.ts";
import type { Track } from "../../media/track.ts";
import { encodeAmf0 } from "../amf/amf0.ts";
import { AmfEcmaArray, type AmfObject } from "../amf/value.ts";
import { encodeAudioTag } from "./audio-tag.ts";
import { DATA_TRACK, FlvDemuxer } from "./demuxer.ts";
import { encodeVideoTag, type VideoFourCc } from "./video-tag.ts";

const bytes = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""));

// 640x360 and 320x180, both by x264.
const SPS = bytes("6764001eacd940a02ff970110000030001000003003c0f162d96");
const PPS = bytes("68ebe3cb22c0");
const SPS_SMALL = bytes("6742c00dda05067e7c0440000003004000000f03c50aa8");
const PPS_SMALL = bytes("68ce0fc8");
const ASC_48K_MONO = bytes("1188");
const ASC_44K_STEREO = bytes("1210");
const IDR = bytes("65 888480");
const P = bytes("41 9a80");

function avcC(sps: Uint8Array, pps: Uint8Array): Uint8Array {
  return join([bytes("01 64001e ff e1"), size(sps, 2), sps, bytes("01"), size(pps, 2), pps]);
}

function size(nal: Uint8Array, width: number): Uint8Array {
  return Uint8Array.from({ length: width }, (_, i) => nal.length >> (8 * (width - 1 - i)));
}

function nals(...units: readonly Uint8Array[]): Uint8Array {
  return join(units.flatMap((unit) => [size(unit, 4), unit]));
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A demuxer, and what comes out of it. */
class Bench {
  readonly events: MediaEvent[] = [];
  readonly metadata: AmfObject[] = [];
  readonly skipped: string[] = [];
  readonly unsupported: string[] = [];
  now = 0;
  readonly demuxer = new FlvDemuxer({
    onEvent: (event) => this.events.push(event),
    onMetadata: (metadata) => this.metadata.push(metadata),
    onSkipped: (reason) => this.skipped.push(reason),
    onUnsupported: (what) => this.unsupported.push(what),
  });

  config(record: Uint8Array, time = 0, codec: VideoFourCc = "avc1", track = 0): this {
    return this.push(9, time, encodeVideoTag({ type: "config", track, codec, record }));
  }

  video(time: number, data: Uint8Array, compositionTime = 0, codec: VideoFourCc = "avc1", track = 0): this {
    return this.push(
      9,
      time,
      encodeVideoTag({ type: "frames", track, codec, key: true, compositionTime, nanos: 0, data }),
    );
  }

  asc(record: Uint8Array, time = 0, track = 0): this {
    return this.push(8, time, encodeAudioTag({ type: "config", track, codec: "mp4a", record }));
  }

  audio(time: number, data = bytes("aabb"), track = 0): this {
    return this.push(8, time, encodeAudioTag({ type: "frames", track, codec: "mp4a", nanos: 0, data }));
  }

  push(type: number, time: number, body: Uint8Array): this {
    this.demuxer.push(type, time, body, this.now);
    return this;
  }

  /** One word for each event: `tracks`, or track and kind of packet. */
  get story(): string[] {
    return this.events.map((event) => {
      if (event.type === "packet") return `${event.track}${event.key ? "k" : ""}`;
      return event.type;
    });
  }

  get packets(): Packet[] {
    return this.events.filter((event) => event.type === "packet");
  }

  get tracks(): (readonly Track[])[] {
    return this.events.flatMap((event) => (event.type === "tracks" ? [event.tracks] : []));
  }
}

const both = () => new Bench().config(avcC(SPS, PPS)).asc(ASC_48K_MONO);

describe("opening", () => {
  test("tracks come first, with both media as soon as both are known", () => {
    const bench = both().video(0, nals(IDR)).audio(21).video(33, nals(P));
    expect(bench.story).toEqual(["tracks", "0k", "1k", "0"]);
    expect(bench.tracks[0]).toMatchObject([
      { id: 0, kind: "video", timescale: 90_000, config: { codec: "h264", width: 640, height: 360 } },
      { id: 1, kind: "audio", timescale: 48_000, config: { codec: "aac", channels: 1 } },
      { id: DATA_TRACK, kind: "data", timescale: 1000 },
    ]);
  });

  test("media of one kind is held until the other is known, and lost nothing", () => {
    const bench = new Bench().config(avcC(SPS, PPS)).video(0, nals(IDR)).video(33, nals(P));
    expect(bench.story).toEqual([]);
    bench.asc(ASC_48K_MONO, 40).audio(40);
    expect(bench.story).toEqual(["tracks", "0k", "0", "1k"]);
  });

  for (const { name, times, nows } of [
    { name: "after a second of media", times: [0, 500, 1000], nows: [0, 0, 0] },
    { name: "after two seconds of waiting", times: [0, 0, 0], nows: [0, 1000, 2000] },
  ]) {
    test(`video alone opens ${name}`, () => {
      const bench = new Bench().config(avcC(SPS, PPS));
      times.forEach((time, i) => {
        expect(bench.story).toEqual([]);
        bench.now = nows[i] as number;
        bench.video(time, nals(IDR));
      });
      expect(bench.story).toEqual(["tracks", "0k", "0k", "0k"]);
    });
  }

  test("audio that comes late is a new set of tracks", () => {
    const bench = new Bench().config(avcC(SPS, PPS)).video(0, nals(IDR)).video(1000, nals(P));
    bench.asc(ASC_48K_MONO, 1100).audio(1100);
    expect(bench.story).toEqual(["tracks", "0k", "0", "tracks", "1k"]);
    expect(bench.tracks.map((tracks) => tracks.length)).toEqual([2, 3]);
  });

  test("audio alone opens", () => {
    const bench = new Bench().asc(ASC_48K_MONO).audio(0).audio(1000);
    expect(bench.story).toEqual(["tracks", "1k", "1k"]);
  });

  test("the end of a short publish gives out what is held", () => {
    const bench = new Bench().config(avcC(SPS, PPS)).video(0, nals(IDR));
    bench.demuxer.end(0);
    expect(bench.story).toEqual(["tracks", "0k"]);
  });

  test("what is held without the other medium has a limit", () => {
    const bench = new Bench().config(avcC(SPS, PPS));
    for (let i = 0; i < 3000; i++) bench.video(0, nals(IDR));
    expect(bench.packets.length).toBe(3000);
  });

  test("frames before their configuration are skipped and reported", () => {
    const bench = new Bench().video(0, nals(P)).audio(0);
    expect(bench.events).toEqual([]);
    expect(bench.skipped.length).toBe(2);
  });
});

describe("configurations", () => {
  test("one that repeats changes nothing", () => {
    const bench = both().video(0, nals(IDR));
    bench.config(avcC(SPS, PPS), 33).asc(ASC_48K_MONO, 33).video(33, nals(IDR));
    expect(bench.story).toEqual(["tracks", "0k", "0k"]);
  });

  test("a change comes before the next packet, once", () => {
    const bench = both().video(0, nals(IDR));
    bench.config(avcC(SPS_SMALL, PPS_SMALL), 33).asc(ASC_44K_STEREO, 33).audio(40).video(40, nals(IDR));
    expect(bench.story).toEqual(["tracks", "0k", "tracks", "1k", "0k"]);
    expect(bench.tracks[1]).toMatchObject([
      { config: { width: 320 } },
      { timescale: 44_100, config: { channels: 2 } },
      {},
    ]);
  });

  test("a sequence may end and start anew", () => {
    const bench = both().video(0, nals(IDR));
    bench.push(9, 33, encodeVideoTag({ type: "end", track: 0, codec: "avc1" }));
    bench.config(avcC(SPS_SMALL, PPS_SMALL), 40).video(40, nals(IDR));
    expect(bench.story).toEqual(["tracks", "0k", "tracks", "0k"]);
  });

  test("the codec may change", () => {
    const bench = both().video(0, nals(IDR)).config(bytes("0000"), 33, "vp09").video(33, bytes("00"), 0, "vp09");
    expect(bench.story).toEqual(["tracks", "0k"]);
    expect(bench.skipped.length).toBe(2);
  });

  test("parameter sets in-band that differ are a change, those that repeat are none", () => {
    const bench = both()
      .video(0, nals(SPS, PPS, IDR))
      .video(33, nals(SPS_SMALL, PPS_SMALL, IDR));
    bench
      .video(66, nals(SPS_SMALL, PPS_SMALL, IDR))
      .config(avcC(SPS, PPS), 99)
      .video(99, nals(SPS_SMALL, PPS_SMALL, IDR));
    expect(bench.story).toEqual(["tracks", "0k", "tracks", "0k", "0k", "0k"]);
    expect(bench.tracks[1]?.[0]).toMatchObject({ config: { width: 320, height: 180 } });
  });

  for (const { name, record } of [
    { name: "an empty record", record: new Uint8Array(0) },
    { name: "a record without parameter sets", record: bytes("01 64001e ff e0 00") },
    { name: "parameter sets behind start codes", record: join([bytes("00000001"), SPS, bytes("00000001"), PPS]) },
  ]) {
    test(`is made of ${name} and what the key frame carries`, () => {
      const bench = new Bench()
        .config(record)
        .asc(ASC_48K_MONO)
        .video(0, nals(SPS, PPS, IDR));
      expect(bench.story).toEqual(["tracks", "0k"]);
      expect(bench.tracks[0]?.[0]).toMatchObject({ config: { width: 640 } });
    });
  }

  test("HEVC and AV1 sequences that break leave the rest alone", () => {
    const bench = both()
      .video(0, nals(IDR))
      .config(bytes("01"), 0, "hvc1", 1)
      .config(bytes("81"), 0, "av01", 2)
      .video(33, nals(P));
    expect(bench.story).toEqual(["tracks", "0k", "0"]);
    expect(bench.skipped.length).toBe(2);
  });

  test("an AV1 sequence header that says the same in other bits is no change", () => {
    // SVT-AV1's av1C, and what its key frames carry.
    const av1C = bytes("81000c00 0a0b000000043cfecc02f80040");
    const key = bytes("1200 0a0b000000043cfeccfbf90040 3203109000");
    const larger = bytes("1200 0a0b000000043ea7bc02f80040 3203109000");
    const bench = new Bench()
      .config(av1C, 0, "av01")
      .asc(ASC_48K_MONO)
      .video(0, key, 0, "av01")
      .video(33, key, 0, "av01");
    expect(bench.story).toEqual(["tracks", "0k", "0k"]);
    expect(bench.packets[0]?.data.toHex()).toStartWith("0a0b");
    bench.video(66, larger, 0, "av01");
    expect(bench.story.slice(3)).toEqual(["tracks", "0k"]);
  });

  const colorInfo = (config: AmfObject) =>
    encodeVideoTag({
      type: "metadata",
      track: 0,
      codec: "avc1",
      values: encodeAmf0("colorInfo", { colorConfig: config }),
    });

  test("metadata gives the colour that the bitstream does not", () => {
    const bt2020 = { bitDepth: 10, colorPrimaries: 9, transferCharacteristics: 16, matrixCoefficients: 9 };
    const bench = new Bench()
      .push(9, 0, colorInfo(bt2020))
      .config(avcC(SPS, PPS))
      .asc(ASC_48K_MONO)
      .video(0, nals(IDR));
    expect(bench.tracks[0]?.[0]).toMatchObject({ config: { colour: { primaries: 9, transfer: 16, matrix: 9 } } });
    bench.push(9, 33, colorInfo(bt2020)).video(33, nals(P)).push(9, 40, colorInfo({})).video(66, nals(P));
    expect(bench.story).toEqual(["tracks", "0k", "0", "tracks", "0"]);
  });
});

describe("frames", () => {
  test("times are ticks, composition may be negative", () => {
    const bench = both().video(1000, nals(IDR), 66).video(1033, nals(P), -33).audio(1021);
    expect(bench.packets.map(({ dts, pts }) => [dts, pts])).toEqual([
      [90_000, 95_940],
      [92_970, 90_000],
      [49_008, 49_008],
    ]);
  });

  test("nanoseconds add to the presentation time", () => {
    const bench = both();
    const tag = {
      type: "frames",
      track: 0,
      codec: "avc1",
      key: true,
      compositionTime: 0,
      nanos: 500_000,
      data: nals(IDR),
    } as const;
    bench.push(9, 0, encodeVideoTag(tag));
    expect(bench.packets[0]).toMatchObject({ dts: 0, pts: 45 });
  });

  test("time goes on where 32 bits end, and back where it must", () => {
    const bench = new Bench().config(avcC(SPS, PPS), 0xffff_fff0).asc(ASC_48K_MONO, 0xffff_fff0);
    bench.video(0xffff_fff0, nals(IDR)).audio(0xffff_fff8).video(0x10, nals(P)).audio(0xffff_fffc);
    expect(bench.packets.map(({ track, dts }) => (track === 0 ? dts / 90 : dts / 48))).toEqual([
      0xffff_fff0, 0xffff_fff8, 0x1_0000_0010, 0xffff_fffc,
    ]);
  });

  test("time goes on where 31 bits end, as FFmpeg's does", () => {
    const bench = new Bench().config(avcC(SPS, PPS), 0x7fff_fff0).asc(ASC_48K_MONO, 0x7fff_fff0);
    bench.video(0x7fff_fff0, nals(IDR)).video(0x10, nals(P)).audio(0x7fff_fffc).audio(0x20).video(0x40, nals(P));
    expect(bench.packets.map(({ track, dts }) => (track === 0 ? dts / 90 : dts / 48))).toEqual([
      0x7fff_fff0, 0x8000_0010, 0x7fff_fffc, 0x8000_0020, 0x8000_0040,
    ]);
  });

  test("key means an IDR slice, whatever the flag says", () => {
    const bench = both().video(0, nals(P));
    const body = encodeVideoTag({
      type: "frames",
      track: 0,
      codec: "avc1",
      key: false,
      compositionTime: 0,
      nanos: 0,
      data: nals(IDR),
    });
    bench.push(9, 33, body);
    expect(bench.packets.map(({ key }) => key)).toEqual([false, true]);
  });

  test("the main path does not copy", () => {
    const body = encodeVideoTag({
      type: "frames",
      track: 0,
      codec: "avc1",
      key: true,
      compositionTime: 0,
      nanos: 0,
      data: nals(IDR),
    });
    expect(both().push(9, 0, body).packets[0]?.data.buffer).toBe(body.buffer);
  });

  test("start codes and short lengths become lengths of four bytes", () => {
    const short = avcC(SPS, PPS);
    short[4] = 0xfd;
    const bench = new Bench()
      .config(short)
      .asc(ASC_48K_MONO)
      .video(0, join([size(IDR, 2), IDR]));
    bench.video(33, join([bytes("00000001"), P]));
    expect(bench.packets.map(({ data }) => data.toHex())).toEqual([nals(IDR).toHex(), nals(P).toHex()]);
  });

  test("silence is no packet", () => {
    const bench = both()
      .push(8, 0, new Uint8Array(0))
      .push(8, 0, bytes("af"))
      .audio(0, new Uint8Array(0))
      .push(9, 0, bytes(""));
    expect(bench.events).toEqual([]);
    expect(bench.skipped).toEqual([]);
  });

  test("ADTS headers are taken off", () => {
    const bench = both().audio(0, bytes("fff1 4c40 013f fc aabb"));
    expect(bench.packets[0]?.data.toHex()).toBe("aabb");
  });

  test("tracks keep their ids", () => {
    const bench = both().config(avcC(SPS_SMALL, PPS_SMALL), 0, "avc1", 2).asc(ASC_44K_STEREO, 0, 1);
    bench.video(0, nals(IDR), 0, "avc1", 2).audio(0, bytes("aa"), 1).audio(0);
    expect(bench.tracks[0]?.map(({ id }) => id)).toEqual([0, 1, 3, 4, DATA_TRACK]);
    expect(bench.packets.map(({ track }) => track)).toEqual([4, 3, 1]);
  });

  test("there is a limit of tracks", () => {
    const bench = both();
    for (let n = 1; n < 40; n++) bench.config(avcC(SPS, PPS), 0, "avc1", n);
    expect(bench.skipped.length).toBe(24);
  });

  test("many tracks in one message are a packet each, in order, with their own composition times", () => {
    const small = avcC(SPS_SMALL, PPS_SMALL);
    const record = avcC(SPS, PPS);
    const bench = new Bench().asc(ASC_48K_MONO);
    bench.push(9, 0, join([bytes("96 10 61766331 00"), size(record, 3), record, bytes("02"), size(small, 3), small]));
    const first = join([bytes("000042"), nals(IDR)]);
    const second = join([bytes("ffffdf"), nals(P)]);
    bench.push(9, 100, join([bytes("96 11 61766331 00"), size(first, 3), first, bytes("02"), size(second, 3), second]));
    expect(bench.packets.map(({ track, dts, pts, key }) => [track, dts, pts - dts, key])).toEqual([
      [0, 9000, 66 * 90, true],
      [4, 9000, -33 * 90, false],
    ]);
  });

  test("many tracks may be of many codecs", () => {
    const record = avcC(SPS, PPS);
    const bench = new Bench().video(0, nals(IDR)).push(8, 0, bytes("95 20 6d703461 00 000002 1188 4f707573 01 000000"));
    bench.push(9, 0, join([bytes("96 20 61766331 00"), size(record, 3), record, bytes("76703039 01 000000")]));
    const frame = nals(IDR);
    const vp9 = bytes("82 49 83 42 00 13 f0 0b 36 00 38 24 1c 18 54");
    bench.push(
      9,
      0,
      join([bytes("96 23 61766331 00"), size(frame, 3), frame, bytes("76703039 01"), size(vp9, 3), vp9]),
    );
    bench.push(8, 0, bytes("95 21 6d703461 00 000002 aabb 4f707573 01 000002 fcff"));
    expect(bench.tracks.at(-1)?.map((track) => (track.kind === "data" ? "" : track.config.codec))).toEqual([
      "h264",
      "aac",
      "vp9",
      "opus",
      "",
    ]);
    expect(bench.packets.map(({ track }) => track)).toEqual([0, 2, 1, 3]);
  });

  test("what is wrong with one track leaves the others of its message alone", () => {
    const bench = both();
    const frame = nals(IDR);
    bench.push(9, 0, join([bytes("96 13 61766331 05"), size(frame, 3), frame, bytes("00"), size(frame, 3), frame]));
    expect(bench.packets.map(({ track }) => track)).toEqual([0]);
    expect(bench.skipped).toEqual(["video message: avc1 frame before its configuration (at byte 0)"]);
  });

  test("tracks that metadata announces are waited for, and have their names and languages", () => {
    const map = { 1: { language: "deu", name: "Kommentar\u0000" }, x: { language: "fr" }, 2: null };
    const video = { 1: { height: 180, title: "klein" } };
    const metadata = encodeAmf0("onMetaData", {
      audioTrackIdInfoMap: map,
      videoTrackIdInfoMap: new AmfEcmaArray(video),
    });
    const bench = new Bench().push(18, 0, metadata).config(avcC(SPS, PPS)).asc(ASC_48K_MONO).video(0, nals(IDR));
    expect(bench.story).toEqual([]);
    bench.asc(ASC_44K_STEREO, 0, 1).audio(0).config(avcC(SPS_SMALL, PPS_SMALL), 0, "avc1", 1).audio(21);
    expect(bench.story).toEqual(["tracks", "0k", "1k", "1k"]);
    expect(bench.tracks[0]).toMatchObject([
      { id: 0 },
      { id: 1 },
      { id: 2, label: "klein" },
      { id: 3, language: "de", label: "Kommentar" },
      {},
    ]);
    bench.push(18, 30, encodeAmf0("onMetaData", { width: 640 })).audio(42);
    expect(bench.tracks.length).toBe(1);
  });

  test("tracks that are announced and do not come are waited for a second", () => {
    const metadata = encodeAmf0("onMetaData", { videoTrackIdInfoMap: { 1: {} } });
    const bench = both().push(18, 0, metadata);
    for (const time of [0, 500, 999]) bench.video(time, nals(IDR));
    expect(bench.story).toEqual([]);
    expect(bench.video(1000, nals(IDR)).story.slice(0, 2)).toEqual(["tracks", "0k"]);
  });

  test("a further track that ends is listed no more; the first may only begin anew", () => {
    const bench = both().config(avcC(SPS_SMALL, PPS_SMALL), 0, "avc1", 1).video(0, nals(IDR));
    const end = (track: number) => bench.push(9, 33, encodeVideoTag({ type: "end", track, codec: "avc1" }));
    end(1);
    end(0);
    bench.audio(40).config(avcC(SPS_SMALL, PPS_SMALL), 40, "avc1", 1).video(66, nals(P));
    expect(bench.tracks.map((tracks) => tracks.map(({ id }) => id))).toEqual([
      [0, 1, 2, DATA_TRACK],
      [0, 1, DATA_TRACK],
      [0, 1, 2, DATA_TRACK],
    ]);
  });

  test("codecs that are not supported are named once, the rest plays", () => {
    const bench = both()
      .push(8, 0, bytes("b2aa"))
      .push(8, 0, bytes("b2aa"))
      .push(9, 0, bytes("22aa"))
      .video(0, nals(IDR));
    expect(bench.unsupported).toEqual(["Speex", "Sorenson H.263"]);
    expect(bench.story).toEqual(["tracks", "0k"]);
  });
});

describe("data", () => {
  test("onMetaData is metadata, in every wrapping", () => {
    const values = { width: 640, encoder: "x" };
    const bench = new Bench();
    bench.push(18, 0, encodeAmf0("@setDataFrame", "onMetaData", new AmfEcmaArray(values)));
    bench.push(18, 0, encodeAmf0("onMetaData", values));
    bench.push(18, 0, encodeAmf0("onMetaData", null)).push(18, 0, new Uint8Array(0));
    expect(bench.metadata).toEqual([values, values]);
    expect(bench.skipped).toEqual([]);
  });

  test("everything else is timed data, with its bytes", () => {
    const cue = encodeAmf0("onCuePoint", { name: "a" });
    const wrapped = encodeAmf0("@setDataFrame", "onTextData", { text: "b" });
    const bench = both()
      .video(0, nals(IDR))
      .push(18, 500, cue)
      .push(18, 600, wrapped)
      .push(18, 700, encodeAmf0("|RtmpSampleAccess", true));
    expect(bench.events.slice(2)).toEqual([
      { type: "data", track: DATA_TRACK, pts: 500, kind: "amf", value: cue },
      { type: "data", track: DATA_TRACK, pts: 600, kind: "amf", value: encodeAmf0("onTextData", { text: "b" }) },
    ]);
  });

  test("data before media waits for the tracks", () => {
    const bench = new Bench().push(18, 0, encodeAmf0("onCuePoint"));
    expect(bench.story).toEqual([]);
    bench.config(avcC(SPS, PPS)).asc(ASC_48K_MONO).video(0, nals(IDR));
    expect(bench.story).toEqual(["tracks", "data", "0k"]);
  });

  test("data without media is held up to a limit", () => {
    const bench = new Bench();
    for (let i = 0; i < 100; i++) bench.push(18, i, encodeAmf0("onCuePoint"));
    bench.config(avcC(SPS, PPS)).asc(ASC_48K_MONO).video(0, nals(IDR));
    expect(bench.events.length).toBe(64 + 2);
    const large = new Bench();
    for (let i = 0; i < 30; i++) large.push(18, i, encodeAmf0("onCuePoint", new Uint8Array(100_000)));
    large.config(avcC(SPS, PPS)).asc(ASC_48K_MONO).video(0, nals(IDR));
    expect(large.events.length).toBe(10 + 2);
  });

  test("broken data is skipped", () => {
    expect(new Bench().push(18, 0, bytes("7f")).skipped.length).toBe(1);
  });
});
