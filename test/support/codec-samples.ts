/**
 * Configuration records and the first bytes of frames, as real encoders write them: one place for the tests of the codecs,
 * of the containers and for the fuzzers. The expected values beside them are those of ffprobe for the same clips.
 */

/** What the clip is, its bytes in hex, and what the decoder makes of them. */
export type VideoRecord = {
  readonly clip: string;
  readonly hex: string;
  readonly codecString: string;
  readonly width: number;
  readonly height: number;
  readonly sar?: { readonly width: number; readonly height: number };
  readonly frameRate?: number;
  readonly colour?: { primaries: number; transfer: number; matrix: number; fullRange: boolean };
};

export const avcRecords: readonly VideoRecord[] = [
  {
    clip: "x264, High, 426x240 cropped",
    hex: "01640015ffe1001a67640015acd941b1fe4f0110000003001000000303c0f162d96001000468ef8fcbfdf8f800",
    codecString: "avc1.640015",
    width: 426,
    height: 240,
    frameRate: 30,
  },
  {
    clip: "OBS 29, constrained baseline",
    hex: "0142c01effe1001b6742c01eda0280bfe5c05a808080a0000003002000000791e2c5d401000468ce3c80",
    codecString: "avc1.42C01E",
    width: 640,
    height: 360,
    frameRate: 30,
    colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
  },
  {
    clip: "x264, anamorphic, full range BT.709",
    hex: "0164001effe1001d6764001eacd940b424d82370101014000003000400000300c87c50a65801000468fe8fcbfdf8f800",
    codecString: "avc1.64001E",
    width: 720,
    height: 576,
    sar: { width: 16, height: 11 },
    frameRate: 25,
    colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: true },
  },
  {
    clip: "x264, interlaced 1080",
    hex: "014d4028ffe10019674d4028f403c0227ef011000003000100000300321f162ea001000468de0fc8",
    codecString: "avc1.4D4028",
    width: 1920,
    height: 1080,
    frameRate: 25,
  },
  {
    clip: "x264, scaling matrices",
    hex: "0164001effe100176764001eacb405017fcb808800001f480005dc0078b17501000568ce0fcc03fdf8f800",
    codecString: "avc1.64001E",
    width: 640,
    height: 360,
    frameRate: 24_000 / 1001,
  },
  {
    clip: "x264, High 10, cropped by one chroma sample",
    hex: "016e002affe10019676e002aa6cb403c0113d4d808800001f48000ea60078c195001000468ce0fc8fdfafa00",
    codecString: "avc1.6E002A",
    width: 1918,
    height: 1078,
    frameRate: 60_000 / 1001,
  },
  {
    clip: "x264, 4:2:2",
    hex: "017a001effe1001a677a001ebcb405017fc5e022000003000200000300641e2c5d4001000468ce0fc8fef8f800",
    codecString: "avc1.7A001E",
    width: 640,
    height: 358,
    frameRate: 25,
  },
  {
    clip: "x264, 4:4:4",
    hex: "01f4000dffe1001a67f4000d919681519e3e2f0110000003001000000303c0f142aa01000568ce0f1920fff8f800",
    codecString: "avc1.F4000D",
    width: 322,
    height: 182,
    frameRate: 30,
  },
];

export const hevcRecords: readonly VideoRecord[] = [
  {
    clip: "x265, Main 10, BT.2020 PQ, anamorphic",
    hex:
      "0102200000009000000000005df000fcfdfafa00000f03a00001001840010c01ffff02200000030090000003000003005d959409" +
      "a10001002e42010102200000030090000003000003005da006c201e1cd4d965654a4c2f0e6a122012080000003008000001904" +
      "a2000100064401c073c189",
    codecString: "hvc1.2.4.L93.90",
    width: 854,
    height: 478,
    sar: { width: 4, height: 3 },
    frameRate: 50,
    colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: false },
  },
  {
    clip: "x265, default scaling lists",
    hex:
      "0101600000009000000000003ff000fcfdf8f800000f03a00001001840010c01ffff01600000030090000003000003003f959409" +
      "a10001002c42010101600000030090000003000003003fa005020171f2e5959529385e02d0100000030010000003019080" +
      "a2000100064401c073c189",
    codecString: "hvc1.1.6.L63.90",
    width: 640,
    height: 360,
    frameRate: 25,
  },
  {
    clip: "x265, 4:4:4 12 bits, odd size",
    hex:
      "0104080000009808000000005df000fcfffcfc00000f03a00001001740010c01ffff040800000300980800000300005d959409" +
      "a10001002d420101040800000300980800000300005d9000fc40120e263ca52caca94985e02d010000030001000003001908" +
      "a2000100084401c07318301890",
    codecString: "hvc1.4.10.L93.98.8",
    width: 1000,
    height: 562,
    frameRate: 25,
  },
  {
    clip: "x265, 2160p60, high tier",
    hex:
      "01216000000090000000000099f000fcfdf8f800000f03a00001001840010c01ffff216000000300900000030000030099959409" +
      "a10001002c420101216000000300900000030000030099a001e020021c5965654a4c2f016808000003000800000301e040" +
      "a2000100064401c073c189",
    codecString: "hvc1.1.6.H153.90",
    width: 3840,
    height: 2160,
    frameRate: 60,
  },
  {
    clip: "x265, hypothetical reference decoder",
    hex:
      "0101600000009000000000005af000fcfdf8f800000f03a00001001840010c01ffff01600000030090000003000003005a999809" +
      "a10001003442010101600000030090000003000003005aa00502016965999a4932bc05a02000000300200000064c01914fc003d08000f42440" +
      "a2000100074401c172b46240",
    codecString: "hvc1.1.6.L90.90",
    width: 640,
    height: 360,
    frameRate: 50,
  },
  {
    clip: "x265, two temporal layers",
    hex:
      "0101600000009000000000005af000fcfdf8f800001303a00001001c40010c02ffff01600000030090000003000003005a00009598acc048" +
      "a10001002f42010201600000030090000003000003005a0000a005020171f2e59598acc94985e02d010000030001000003003208" +
      "a2000100064401c073c189",
    codecString: "hvc1.1.6.L90.90",
    width: 640,
    height: 360,
    frameRate: 50,
  },
];

export const av1Records: readonly VideoRecord[] = [
  {
    clip: "SVT-AV1",
    hex: "81000c000a0b000000043ea7bc02f80040",
    codecString: "av01.0.00M.08",
    width: 426,
    height: 240,
  },
  {
    clip: "libaom, BT.2020 PQ, 10 bits",
    hex: "81004c000a0e000000043cfeccdaf95091009040",
    codecString: "av01.0.00M.10.0.110.09.16.09.0",
    width: 320,
    height: 180,
    colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: false },
  },
  {
    clip: "libaom, 12 bits",
    hex: "81406c000a0b400000043cfeccdaf96308",
    codecString: "av01.2.00M.12",
    width: 320,
    height: 180,
  },
  {
    clip: "libaom, 4:2:2",
    hex: "814008000a0a400000043cfeccdaf901",
    codecString: "av01.2.00M.08.0.100.01.01.01.0",
    width: 320,
    height: 180,
  },
  {
    clip: "libaom, 4:4:4",
    hex: "812000000a0a200000043cfeccdaf902",
    codecString: "av01.1.00M.08.0.000.01.01.01.0",
    width: 320,
    height: 180,
  },
  {
    clip: "libaom, monochrome, full range",
    hex: "81001c000a0a000000043cfeccdaf92a",
    codecString: "av01.0.00M.08.1.110.02.02.02.1",
    width: 320,
    height: 180,
    colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: true },
  },
  {
    clip: "libaom, timing info",
    hex: "81000c000a14040000000400000067400000bc3cfeccdaf90040",
    codecString: "av01.0.00M.08",
    width: 320,
    height: 180,
    frameRate: 25,
  },
  {
    clip: "libaom, still picture",
    hex: "81000c000a071821e7f66d0040",
    codecString: "av01.0.00M.08",
    width: 320,
    height: 180,
  },
  {
    clip: "rav1e",
    hex: "811f0c000a0e000000fa1e7f66210a88101010a0",
    codecString: "av01.0.31M.08",
    width: 320,
    height: 180,
  },
];

/** vpcC without version and flags, and the first bytes of the key frame. */
export const vp9Records: readonly (VideoRecord & { readonly keyFrame: string })[] = [
  {
    clip: "libvpx, profile 0",
    hex: "0014820202020000",
    keyFrame: "82498342001a900ef60638241c184a00",
    codecString: "vp09.00.20.08",
    width: 426,
    height: 240,
  },
  {
    clip: "libvpx, profile 2, 10 bits",
    hex: "020ba20202020000",
    keyFrame: "924983420009f8059b031c120e0c2c00",
    codecString: "vp09.02.11.10",
    width: 320,
    height: 180,
  },
  {
    clip: "libvpx, profile 1, 4:4:4",
    hex: "011f860202020000",
    keyFrame: "a24983420009fe059ec0c70483830943",
    codecString: "vp09.01.31.08",
    width: 1280,
    height: 720,
  },
  {
    clip: "libvpx, profile 1, RGB",
    hex: "010b870202000000",
    keyFrame: "a2498342e013f00b360638241c184a00",
    codecString: "vp09.01.11.08",
    width: 320,
    height: 180,
    colour: { primaries: 2, transfer: 2, matrix: 0, fullRange: true },
  },
  {
    clip: "libvpx, profile 3, 4:2:2 10 bits",
    hex: "030ba40202020000",
    keyFrame: "b124c1a102009f8059b031c120e0c2c0",
    codecString: "vp09.03.11.10",
    width: 320,
    height: 180,
  },
  {
    clip: "libvpx, BT.709",
    hex: "000b820101010000",
    keyFrame: "824983424013f00b360638241c184a00",
    codecString: "vp09.00.11.08",
    width: 320,
    height: 180,
    colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
  },
];

export type AudioRecord = {
  readonly clip: string;
  readonly hex: string;
  readonly codecString: string;
  readonly sampleRate: number;
  readonly channels: number;
  readonly samplesPerPacket: number;
  /** Of the track, where it is not `sampleRate`. */
  readonly timescale?: number;
};

const lc = { codecString: "mp4a.40.2", samplesPerPacket: 1024 };

/** AudioSpecificConfig */
export const aacRecords: readonly AudioRecord[] = [
  { clip: "stereo", hex: "1190", ...lc, sampleRate: 48_000, channels: 2 },
  { clip: "stereo that says it has no SBR", hex: "119056e500", ...lc, sampleRate: 48_000, channels: 2 },
  { clip: "mono, 44.1 kHz", hex: "120856e500", ...lc, sampleRate: 44_100, channels: 1 },
  { clip: "4.0", hex: "11a056e500", ...lc, sampleRate: 48_000, channels: 4 },
  { clip: "5.1", hex: "11b056e500", ...lc, sampleRate: 48_000, channels: 6 },
  { clip: "7.1", hex: "11b856e500", ...lc, sampleRate: 48_000, channels: 8 },
  {
    clip: "quad, by a program_config_element",
    hex: "118004c4040021100d4c61766335392e33372e31303056e500",
    ...lc,
    sampleRate: 48_000,
    channels: 4,
  },
  { clip: "960-sample frames", hex: "1194", ...lc, sampleRate: 48_000, channels: 2, samplesPerPacket: 960 },
  { clip: "rate not in the table", hex: "17803e8010", ...lc, sampleRate: 32_000, channels: 2 },
  {
    clip: "HE-AAC, hierarchical",
    hex: "2b118800",
    codecString: "mp4a.40.5",
    sampleRate: 48_000,
    channels: 2,
    samplesPerPacket: 1024,
    timescale: 24_000,
  },
  {
    clip: "HE-AAC, backward compatible",
    hex: "131056e598",
    codecString: "mp4a.40.5",
    sampleRate: 48_000,
    channels: 2,
    samplesPerPacket: 1024,
    timescale: 24_000,
  },
  {
    clip: "HE-AAC v2, hierarchical",
    hex: "eb098800",
    codecString: "mp4a.40.29",
    sampleRate: 48_000,
    channels: 2,
    samplesPerPacket: 1024,
    timescale: 24_000,
  },
  {
    clip: "HE-AAC v2, backward compatible",
    hex: "130856e59d4880",
    codecString: "mp4a.40.29",
    sampleRate: 48_000,
    channels: 2,
    samplesPerPacket: 1024,
    timescale: 24_000,
  },
  {
    clip: "low delay with 512 samples",
    hex: "b9900000",
    codecString: "mp4a.40.23",
    sampleRate: 48_000,
    channels: 2,
    samplesPerPacket: 512,
  },
];

/** The first bytes of a frame. */
export const mp3Frames: readonly AudioRecord[] = [
  {
    clip: "MPEG-1, joint stereo",
    hex: "fffb9464000001ee",
    codecString: "mp4a.40.34",
    sampleRate: 48_000,
    channels: 2,
    samplesPerPacket: 1152,
  },
  {
    clip: "MPEG-2, mono",
    hex: "fff340c400133062",
    codecString: "mp4a.40.34",
    sampleRate: 22_050,
    channels: 1,
    samplesPerPacket: 576,
  },
  {
    clip: "MPEG 2.5, mono",
    hex: "ffe348c400000000",
    codecString: "mp4a.40.34",
    sampleRate: 8_000,
    channels: 1,
    samplesPerPacket: 576,
  },
];

/** OpusHead, and the same as the payload of dOps. */
export const opusHeads: readonly { readonly clip: string; readonly hex: string; readonly record: string }[] = [
  { clip: "FFmpeg, mono", hex: "4f707573486561640101380180bb0000000000", record: "000101380000bb80000000" },
  { clip: "stereo with gain", hex: "4f707573486561640102000f44ac000000ff00", record: "00020f000000ac44ff0000" },
  {
    clip: "libopus, 5.1",
    hex: "4f707573486561640106380180bb00000000010402000401020305",
    record: "000601380000bb800000010402000401020305",
  },
];

/** STREAMINFO, 34 bytes, and frames with the samples they hold. */
export const flacStreams = [
  {
    clip: "48 kHz, 16 bits",
    streamInfo: "1200120000025800051b0bb802f00000bb80a316b305f13b13fe767b3d0d068f95bc",
    sampleRate: 48_000,
    channels: 2,
    bits: 16,
    frames: [
      { hex: "fff85a8800374e000000a6014c01", samples: 4608 },
      { hex: "fff87a880a077f6e0b4a0b500b4c", samples: 1920 },
    ],
  },
  {
    clip: "96 kHz, 24 bits",
    streamInfo: "200020000019a1002357177003700001770028b7e9cafbfe9e3f5ff1589f721f0b82",
    sampleRate: 96_000,
    channels: 2,
    bits: 24,
    frames: [{ hex: "fff8db8c00034e00000000537000", samples: 8192 }],
  },
] as const;

/** The first bytes of a syncframe, and the payload of dac3 that FFmpeg writes for it. */
export const ac3Frames = [
  {
    clip: "5.1, 384 kbit/s",
    hex: "0b771e8b1c40ebf8403eff74fe1e1080",
    record: "103dc0",
    sampleRate: 48_000,
    channels: 6,
  },
  {
    clip: "stereo, 44.1 kHz",
    hex: "0b77c2ea544043e106f575f0c0c21818",
    record: "501140",
    sampleRate: 44_100,
    channels: 2,
  },
] as const;

/** A whole syncframe is `size` bytes, of which the first are here; and the payload of dec3 that FFmpeg writes for it. */
export const eac3Frames = [
  { clip: "stereo", hex: "0b7700bf3487c00020fc210830c00006", size: 384, record: "0300200400", channels: 2 },
  { clip: "5.1", hex: "0b7702ff3f87c0002080200002004000", size: 1536, record: "0c00200f00", channels: 6 },
] as const;
