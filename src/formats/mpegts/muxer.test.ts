import { expect, test } from "bun:test";
import type { Packet } from "../../media/event.ts";
import type { AudioConfig, AudioTrack, VideoConfig, VideoTrack } from "../../media/track.ts";
import { type DecodedTs, decodeTs } from "./demuxer.ts";
import { TsMuxer } from "./muxer.ts";
import { BLOCK_SIZE } from "./packetizer.ts";

const SPS = "6764001f";
const PPS = "68ee3c80";
const LEAD = 63_000;

const h264: VideoConfig = {
  codec: "h264",
  record: hex(`0164001fffe10004${SPS}010004${PPS}`),
  codecString: "avc1.64001F",
  width: 1280,
  height: 720,
  sar: { width: 1, height: 1 },
};
const hevc: VideoConfig = {
  ...h264,
  codec: "hevc",
  record: hex(`01${"00".repeat(21)}03 a2 0001 0003 4401c1 a0 0001 0003 40010c a1 0001 0003 420101`),
};
const video: VideoTrack = { id: 1, kind: "video", timescale: 90_000, config: h264 };
const aac: AudioTrack = {
  id: 2,
  kind: "audio",
  timescale: 48_000,
  config: {
    codec: "aac",
    record: hex("1190"),
    codecString: "mp4a.40.2",
    sampleRate: 48_000,
    channels: 2,
    samplesPerPacket: 1024,
  },
};

test("a keyframe gets delimiter and parameter sets, a random access mark and PCR", () => {
  const muxer = muxerOf([video]);
  muxer.write(frame({ dts: 900_000, pts: 903_000, key: true, units: ["65aabbcc"] }));
  muxer.write(frame({ dts: 903_000, pts: 909_000, units: ["06ff", "41112233"] }));
  const { pmt, pes, pcrs } = segment(muxer);
  expect(pmt.streams.map(({ streamType, pid }) => [streamType, pid])).toEqual([[0x1b, 0x100]]);
  expect(pmt.pcrPid).toBe(0x100);
  expect(pes.map(({ payload, ...rest }) => ({ ...rest, payload: annexB(payload) }))).toEqual([
    {
      pid: 0x100,
      streamId: 0xe0,
      dataAlignment: true,
      dts: 900_000 + LEAD,
      pts: 903_000 + LEAD,
      randomAccess: true,
      packet: 2,
      payload: ["09f0", SPS, PPS, "65aabbcc"],
    },
    {
      pid: 0x100,
      streamId: 0xe0,
      dataAlignment: true,
      dts: 903_000 + LEAD,
      pts: 909_000 + LEAD,
      randomAccess: false,
      packet: 3,
      payload: ["09f0", "06ff", "41112233"],
    },
  ]);
  expect(pcrs.map(({ base }) => base)).toEqual([900_000, 903_000]);
});

test.each<{ name: string; units: string[]; written: string[] }>([
  { name: "its own delimiter is not doubled", units: ["0910", "65aa"], written: ["09f0", SPS, PPS, "65aa"] },
  {
    name: "its own parameter sets take the place of the config's",
    units: ["67640020", "68ee", "65aa"],
    written: ["09f0", "67640020", "68ee", "65aa"],
  },
  {
    name: "delimiters in the middle go too",
    units: ["06aa", "0910", "65aa"],
    written: ["09f0", SPS, PPS, "06aa", "65aa"],
  },
  { name: "empty units go", units: ["65aa", "", "65bb"], written: ["09f0", SPS, PPS, "65aa", "65bb"] },
])("H.264 keyframe: $name", ({ units, written }) => {
  const muxer = muxerOf([video]);
  muxer.write(frame({ dts: 0, key: true, units }));
  expect(segment(muxer).pes.map(({ payload }) => annexB(payload))).toEqual([written]);
});

test("a segment that begins without a keyframe has the parameter sets too, for players that open it alone", () => {
  const muxer = muxerOf([video]);
  muxer.write(frame({ dts: 900_000, key: true, units: ["65aa"] }));
  muxer.takeSegment();
  muxer.startSegment();
  muxer.write(frame({ dts: 903_000, units: ["4111"] }));
  muxer.write(frame({ dts: 906_000, units: ["4122"] }));
  const { pes } = segment(muxer);
  expect(pes.map(({ payload, randomAccess }) => [annexB(payload), randomAccess])).toEqual([
    [["09f0", SPS, PPS, "4111"], false],
    [["09f0", "4122"], false],
  ]);
});

test("a NAL unit longer than its packet ends the access unit before it", () => {
  const muxer = muxerOf([video]);
  const { data, ...rest } = frame({ dts: 0, key: true, units: ["65aabb", "65ccdd"] });
  muxer.write({ ...rest, data: data.subarray(0, data.length - 1) });
  expect(segment(muxer).pes.map(({ payload }) => annexB(payload))).toEqual([["09f0", SPS, PPS, "65aabb"]]);
});

test("HEVC has its parameter sets in order", () => {
  const muxer = muxerOf([{ ...video, config: hevc }]);
  muxer.write(frame({ dts: 0, key: true, units: ["460110", "2601aa"] }));
  const { pmt, pes } = segment(muxer);
  expect(pmt.streams[0]?.streamType).toBe(0x24);
  expect(pes.map(({ payload }) => annexB(payload))).toEqual([["460150", "40010c", "420101", "4401c1", "2601aa"]]);
});

test("frames of every size around the packet's survive", () => {
  const muxer = muxerOf([video]);
  const sizes = [...Array(400).keys()].map((n) => n + 2).concat([1983, 1984, 1985, 5000, 70_000, 300_001]);
  const bodies = sizes.map((size, i) => noise(size, i));
  bodies.forEach((body, i) => void muxer.write(packet(1, i * 3000, lengthPrefixed(body))));
  const { pes } = segment(muxer);
  expect(pes.length).toBe(bodies.length);
  pes.forEach(({ payload }, i) => {
    // In front of it stand a delimiter and a start code, and at the segment's beginning the parameter sets.
    const body = bodies[i] as Uint8Array;
    expect(payload.length - body.length).toBe(i === 0 ? 26 : 10);
    expect(Buffer.compare(payload.subarray(-body.length), body)).toBe(0);
  });
});

test("continuity counters run on over segments and blocks", () => {
  const muxer = new TsMuxer({ maxAudioDelay: 300 });
  muxer.setTracks([video, aac]);
  let counters = new Map<number, number>() as ReadonlyMap<number, number>;
  for (let n = 0; n < 4; n++) {
    muxer.startSegment();
    for (let i = 0; i < 9; i++) {
      muxer.write(packet(1, (n * 9 + i) * 3000, lengthPrefixed(noise(20_000, i))));
      muxer.write(packet(2, (n * 9 + i) * 1600, noise(300, i)));
    }
    const pieces = muxer.takeSegment();
    expect(pieces.every((piece) => piece.length % 188 === 0 && piece.length <= BLOCK_SIZE)).toBe(true);
    ({ counters } = decodeTs(join(pieces), counters));
  }
});

test("audio frames are gathered up to the delay, and leave in time", () => {
  const muxer = muxerOf([video, aac]);
  for (let i = 0; i < 30; i++) muxer.write(packet(2, i * 1024, noise(100 + i, i)));
  const { pes } = segment(muxer);
  // 15 frames of 21.3 ms are the first 320 ms.
  expect(pes.map(({ pts }) => pts)).toEqual([LEAD, LEAD + 15 * 1920]);
  expect(adtsFrames(pes[0]?.payload)).toEqual([...Array(15).keys()].map((i) => 100 + i));
});

test("waiting audio leaves before video that is later by the delay", () => {
  const muxer = muxerOf([video, aac]);
  muxer.write(packet(2, 0, noise(100, 1)));
  for (let i = 0; i < 12; i++) muxer.write(packet(1, i * 3000, lengthPrefixed(noise(50, i))));
  const { pes } = segment(muxer);
  expect(pes.map(({ pid }) => pid).indexOf(0x101)).toBe(9);
});

test("a hole in the audio begins a PES packet of its own, and jitter does not", () => {
  const muxer = muxerOf([video, aac]);
  for (const pts of [0, 1024 + 40, 2048 - 40, 3072, 3072 + 4096]) muxer.write(packet(2, pts, noise(50, 0)));
  expect(segment(muxer).pes.map(({ pts, payload }) => [pts, adtsFrames(payload).length])).toEqual([
    [LEAD, 4],
    [LEAD + 13_440, 1],
  ]);
});

test("audio alone carries PCR at least every 100 ms", () => {
  const muxer = muxerOf([aac]);
  for (let i = 0; i < 100; i++) muxer.write(packet(2, i * 1024, noise(200, i)));
  const { pmt, pes, pcrs } = segment(muxer);
  expect(pmt.pcrPid).toBe(0x100);
  expect(pcrs.length).toBe(pes.length);
  pcrs.reduce((last, { base }) => {
    expect(base - last).toBeLessThanOrEqual(9600);
    return base;
  }, 0);
});

test("while video is silent the audio keeps PCR going", () => {
  const muxer = muxerOf([video, aac]);
  muxer.write(packet(1, 0, lengthPrefixed(noise(50, 0))));
  for (let i = 0; i < 100; i++) muxer.write(packet(2, i * 1024, noise(200, i)));
  const { pcrs } = segment(muxer);
  expect(pcrs.length).toBeGreaterThan(4);
  expect(pcrs.every(({ pid }) => pid === 0x100)).toBe(true);
});

test("times wrap at 33 bits", () => {
  const muxer = muxerOf([video]);
  const start = 2 ** 33 - 30_000;
  for (let i = 0; i < 40; i++) muxer.write(packet(1, start + i * 3000, lengthPrefixed(noise(50, i))));
  const { pes, pcrs } = segment(muxer);
  pes.forEach(({ pts }, i) => void expect(pts).toBe((start + i * 3000 + LEAD) % 2 ** 33));
  expect(pcrs.at(-1)?.base).toBe(29 * 3000);
});

test("pts below dts pulls dts down, which never goes back", () => {
  const muxer = muxerOf([video]);
  const times = [
    [3000, 0],
    [6000, 9000],
    [9000, 6000],
    [12_000, 5000],
  ] as const;
  for (const [dts, pts] of times) muxer.write({ ...packet(1, dts, lengthPrefixed(noise(9, 0))), pts });
  expect(segment(muxer).pes.map(({ dts, pts }) => [(dts ?? 0) - LEAD, (pts ?? 0) - LEAD])).toEqual([
    [0, 0],
    [6000, 9000],
    [6001, 6001],
    [6002, 6002],
  ]);
});

test.each<{ name: string; config: Partial<AudioConfig>; streamType: number; framed: (frames: Uint8Array[]) => string }>(
  [
    { name: "MP3", config: { codec: "mp3" }, streamType: 3, framed: (frames) => toHex(join(frames)) },
    {
      name: "MP3 of low rates",
      config: { codec: "mp3", sampleRate: 22_050 },
      streamType: 4,
      framed: (frames) => toHex(join(frames)),
    },
    { name: "AC-3", config: { codec: "ac3" }, streamType: 0x81, framed: (frames) => toHex(join(frames)) },
    { name: "E-AC-3", config: { codec: "eac3" }, streamType: 0x87, framed: (frames) => toHex(join(frames)) },
    {
      name: "Opus",
      config: { codec: "opus", record: hex("00 02 0138 0000bb80 0000 00") },
      streamType: 6,
      framed: (frames) =>
        frames.map((frame) => `7fe0${frame.length === 255 ? "ff00" : "ff2d"}${toHex(frame)}`).join(""),
    },
  ],
)("$name", ({ config, streamType, framed }) => {
  const muxer = muxerOf([{ ...aac, config: { ...aac.config, record: new Uint8Array(0), ...config } }]);
  const frames = [noise(300, 1), noise(255, 2)];
  frames.forEach((data, i) => void muxer.write(packet(2, i * 1024, data)));
  const { pmt, pes } = segment(muxer);
  expect(pmt.streams[0]?.streamType).toBe(streamType);
  expect(pes.map(({ payload }) => toHex(payload))).toEqual([framed(frames)]);
});

test("AAC whose channels stand in a program_config_element has it in front of each frame", () => {
  const record = hex("118004c4040021100d4c61766335392e33372e31303056e500");
  const muxer = muxerOf([{ ...aac, config: { ...aac.config, record } }]);
  const frame = noise(300, 1);
  muxer.write(packet(2, 0, frame));
  const element = "a09880800422" + "0d4c61766335392e33372e313030";
  expect(toHex(segment(muxer).pes[0]?.payload ?? noise(1, 0))).toBe(`fff14c0028fffc${element}${toHex(frame)}`);
});

test("an AAC frame too long for ADTS is left out", () => {
  const muxer = muxerOf([aac]);
  muxer.write(packet(2, 0, noise(8191 - 7, 1)));
  muxer.write(packet(2, 1024, noise(8191 - 6, 1)));
  expect(segment(muxer).pes.map(({ payload }) => payload.length)).toEqual([8191]);
});

test("ID3 is announced when the first comes", () => {
  const muxer = muxerOf([aac]);
  const tag = noise(700, 1);
  muxer.write(packet(2, 0, noise(10, 0)));
  muxer.writeId3(90_000, tag);
  const { pmt, pes } = segment(muxer);
  expect(pmt.version).toBe(1);
  expect(toHex(pmt.descriptors)).toBe("250fffff49443320ff49443320001f0001");
  expect(pmt.streams[1]).toEqual({ streamType: 0x15, pid: 0x1f0, descriptors: hex("260dffff49443320ff49443320000f") });
  const id3 = pes.find(({ pid }) => pid === 0x1f0);
  expect([id3?.streamId, id3?.pts]).toEqual([0xbd, 90_000 + LEAD]);
  expect(toHex(id3?.payload ?? noise(1, 0))).toBe(toHex(tag));
});

test("what cannot be carried is left out", () => {
  const muxer = new TsMuxer({ maxAudioDelay: 300 });
  const carried = muxer.setTracks([
    { ...video, id: 7, config: { ...h264, codec: "av1" } },
    { ...video, id: 8, config: { ...h264, record: new Uint8Array(0) } },
    video,
    { ...video, id: 9 },
    { ...aac, id: 10, config: { ...aac.config, codec: "flac" } },
    { ...aac, id: 11, config: { ...aac.config, record: new Uint8Array(0) } },
    aac,
    { ...aac, id: 12 },
  ]);
  expect(carried).toEqual([1, 2, 12]);
});

test("frames that no PES packet can hold are ignored", () => {
  const muxer = muxerOf([aac]);
  muxer.write(packet(2, 0, noise(9000, 1)));
  muxer.writeId3(0, noise(70_000, 1));
  muxer.write(packet(2, 1024, noise(8184, 1)));
  expect(segment(muxer).pes.length).toBe(1);
});

function muxerOf(tracks: (VideoTrack | AudioTrack)[]): TsMuxer {
  const muxer = new TsMuxer({ maxAudioDelay: 300 });
  muxer.setTracks(tracks);
  muxer.startSegment();
  return muxer;
}

function segment(muxer: TsMuxer): DecodedTs {
  return decodeTs(join(muxer.takeSegment()));
}

function frame(options: { dts: number; pts?: number; key?: boolean; units: string[] }): Packet {
  const data = join(options.units.map((unit) => lengthPrefixed(hex(unit))));
  return { ...packet(1, options.dts, data), pts: options.pts ?? options.dts, key: options.key ?? false };
}

function packet(track: number, dts: number, data: Uint8Array): Packet {
  return { type: "packet", track, dts, pts: dts, duration: 0, key: track === 2, data };
}

/** Lies at an odd offset, as the payload of a message does. */
function lengthPrefixed(unit: Uint8Array): Uint8Array {
  const data = new Uint8Array(unit.length + 9).subarray(5);
  new DataView(data.buffer, 5).setUint32(0, unit.length);
  data.set(unit, 4);
  return data;
}

/** Bytes without start codes in them, that begin as a slice does. */
function noise(size: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i === 0 ? 0x41 : 1 + ((i * 31 + seed * 17) % 253)));
}

function annexB(payload: Uint8Array): string[] {
  return toHex(payload).split("00000001").slice(1);
}

function adtsFrames(payload: Uint8Array = new Uint8Array(0)): number[] {
  const sizes: number[] = [];
  for (let at = 0; at < payload.length; ) {
    expect([payload[at], payload[at + 1]]).toEqual([0xff, 0xf1]);
    const size =
      (((payload[at + 3] as number) & 3) << 11) |
      ((payload[at + 4] as number) << 3) |
      ((payload[at + 5] as number) >> 5);
    sizes.push(size - 7);
    at += size;
  }
  return sizes;
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(pieces));
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

function toHex(data: Uint8Array): string {
  return Buffer.from(data).toString("hex");
}
