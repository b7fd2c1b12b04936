import { beforeAll, describe, expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import type { RenditionEvent } from "../../src/hls/rendition.ts";
import { TsPackager } from "../../src/hls/ts-packager.ts";
import type { MediaEvent } from "../../src/media/event.ts";
import type { AudioConfig, Track } from "../../src/media/track.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { projectPath } from "../support/project.ts";
import { isThere, testWith } from "../support/requires.ts";

const H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-x264-params", "b-pyramid=none"];
/** Matroska has no dts, so no frames out of order for it. */
const H264_IN_ORDER = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0"];
const HEVC = [
  "-c:v",
  "libx265",
  "-preset",
  "ultrafast",
  "-x265-params",
  "log-level=none:keyint=60:min-keyint=60:open-gop=0",
];

/** What ffmpeg encodes, and how ffprobe names it in MPEG-TS. Six seconds, a keyframe every two. */
const CLIPS: readonly { name: string; arguments: readonly string[]; codecs: readonly string[]; samples: number }[] = [
  { name: "H.264 and AAC", arguments: [...H264, "-c:a", "aac"], codecs: ["h264", "aac"], samples: 1024 },
  {
    name: "H.264 and 5.1 AAC",
    arguments: [...H264, "-c:a", "aac", "-ac", "6"],
    codecs: ["h264", "aac"],
    samples: 1024,
  },
  { name: "HEVC and AAC", arguments: [...HEVC, "-c:a", "aac"], codecs: ["hevc", "aac"], samples: 1024 },
  { name: "H.264 and MP3", arguments: [...H264, "-c:a", "libmp3lame"], codecs: ["h264", "mp3"], samples: 1152 },
  { name: "H.264 and AC-3", arguments: [...H264, "-c:a", "ac3"], codecs: ["h264", "ac3"], samples: 1536 },
  { name: "H.264 and E-AC-3", arguments: [...H264, "-c:a", "eac3"], codecs: ["h264", "eac3"], samples: 1536 },
  { name: "H.264 and Opus", arguments: [...H264_IN_ORDER, "-c:a", "libopus"], codecs: ["h264", "opus"], samples: 0 },
  {
    name: "H.264 and 5.1 Opus",
    arguments: [...H264_IN_ORDER, "-c:a", "libopus", "-ac", "6"],
    codecs: ["h264", "opus"],
    samples: 0,
  },
  { name: "H.264 alone", arguments: [...H264, "-an"], codecs: ["h264"], samples: 0 },
  { name: "AAC alone", arguments: ["-vn", "-c:a", "aac"], codecs: ["aac"], samples: 1024 },
];

describe("MPEG-TS segments, read by FFmpeg and MediaInfo", () => {
  const directory = new TemporaryDirectory();
  beforeAll(() => () => directory[Symbol.dispose]());

  for (const clip of CLIPS) {
    testWith("ffmpeg", "nodeav")(
      clip.name,
      async () => {
        const place = directory.join(clip.name.replaceAll(" ", "-"));
        mkdirSync(place);
        const source = `${place}/source.${clip.codecs.includes("opus") ? "mkv" : "mp4"}`;
        ffmpeg(
          ...inputs(),
          "-t",
          "6",
          "-g",
          "60",
          "-keyint_min",
          "60",
          "-pix_fmt",
          "yuv420p",
          ...clip.arguments,
          source,
        );

        const segments = await packaged(source, clip.samples);
        expect(segments.slice(0, 3).map(({ duration }) => Math.round(duration))).toEqual([2, 2, 2]);
        for (const [n, { bytes }] of segments.slice(0, 3).entries()) {
          const file = `${place}/${n}.ts`;
          writeFileSync(file, Buffer.concat(bytes));
          // Each plays by itself: nothing to complain about, and all its streams are there.
          expect(ffmpeg("-i", file, "-f", "null", "-")).toBe("");
          const probed = JSON.parse(ran("ffprobe", "-v", "error", "-show_streams", "-of", "json", file));
          expect(probed.streams.map((stream: { codec_name: string }) => stream.codec_name)).toEqual(clip.codecs);
        }
        const whole = `${place}/whole.ts`;
        writeFileSync(whole, Buffer.concat(segments.flatMap(({ bytes }) => bytes)));
        expect(ffmpeg("-i", whole, "-f", "null", "-")).toBe("");
        if (isThere("mediainfo")) {
          const { media } = JSON.parse(ran("mediainfo", "--Output=JSON", whole));
          expect(media.track[0].Format).toBe("MPEG-TS");
          expect(JSON.stringify(media)).not.toMatch(/ConformanceErrors|IsTruncated/);
        }

        const kinds = clip.codecs.length === 2 ? ["v", "a"] : [clip.arguments.includes("-vn") ? "a" : "v"];
        const shifts: number[] = [];
        for (const kind of kinds) {
          const pictures = hashes(whole, kind);
          const missing = hashes(source, kind).filter((hash) => !pictures.includes(hash));
          // The source's container tells how much of the first audio to leave out; Opus needs a while to be the same after.
          expect(missing.length).toBeLessThanOrEqual(kind === "v" ? 0 : 16);
          // From the end: sound before the first picture is left out.
          const sent = times(source, kind).reverse();
          const received = times(whole, kind).reverse();
          expect(sent.length - received.length).toBeLessThanOrEqual(kind === "v" ? 0 : 1);
          shifts.push(...received.map((time, n) => time - (sent[n] ?? Number.NaN)));
        }
        // Video and audio are where they were to each other; Matroska and the gathering of audio round.
        expect(Math.max(...shifts) - Math.min(...shifts)).toBeLessThan(0.0025);
      },
      60_000,
    );
  }
});

function inputs(): string[] {
  const sound = "anoisesrc=a=0.05:c=pink:seed=1:r=48000,aformat=channel_layouts=stereo";
  return ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=30", "-f", "lavfi", "-i", sound];
}

/** Of the content of each decoded frame. */
function hashes(file: string, kind: string): string[] {
  const lines = ran("ffmpeg", "-v", "error", "-i", file, "-map", `0:${kind}`, "-f", "framemd5", "-").split("\n");
  return lines.filter((line) => /^\d/.test(line)).map((line) => line.slice(line.lastIndexOf(",") + 1).trim());
}

/** Presentation times of all packets, in seconds. */
function times(file: string, kind: string): number[] {
  const entries = ["-show_entries", "packet=pts_time", "-of", "json"];
  const { packets } = JSON.parse(ran("ffprobe", "-v", "error", "-select_streams", kind, ...entries, file));
  return packets.map((packet: { pts_time: string }) => Number(packet.pts_time));
}

/** What the packager makes of a file, its target two seconds. */
async function packaged(file: string, samplesPerPacket: number) {
  const events: RenditionEvent[] = [];
  const options = {
    targetMs: 2000,
    maxMs: 10_000,
    maxAudioDelayMs: 300,
    firstMsn: 0,
    wallclockAt: (now: number) => now,
  };
  const packager = new TsPackager(options, (event) => events.push(event));
  for (const event of await readFile(file, samplesPerPacket)) packager.write(event, 0);
  return events.filter((event) => event.type === "segment");
}

/** The events of a file, as FFmpeg's own demuxer gives them, 10 s later so that no time is negative. */
async function readFile(file: string, samplesPerPacket: number): Promise<MediaEvent[]> {
  // In a process of its own: a native module may crash.
  const script = projectPath("test/support/read-packets.mjs");
  const { streams, packets } = JSON.parse(ran(process.execPath, script, file)) as {
    streams: { codec: string; kind: string; extradata: string; timescale: number; channels: number }[];
    packets: { stream: number; dts: number; pts: number; key: boolean; data: string }[];
  };
  const timescales = streams.map(({ kind, timescale }) => (kind === "video" ? 90_000 : timescale));
  const tracks = streams.map(({ codec, kind, extradata, channels }, id): Track => {
    const record = Uint8Array.from(Buffer.from(extradata, "base64"));
    const timescale = timescales[id] as number;
    if (kind === "video") {
      const config = {
        codec: codec as "h264",
        record,
        codecString: codec,
        width: 320,
        height: 180,
        sar: { width: 1, height: 1 },
      };
      return { id, kind: "video", timescale, config };
    }
    const config: AudioConfig = {
      codec: codec as AudioConfig["codec"],
      // OpusHead has its fields in the order of dOps, behind "OpusHead" and little-endian; only bytes matter here.
      record: codec === "opus" ? record.subarray(8) : record,
      codecString: codec,
      sampleRate: timescale,
      channels,
      samplesPerPacket,
    };
    return { id, kind: "audio", timescale, config };
  });
  const media = packets.map(({ stream, dts, pts, key, data }): MediaEvent => {
    const at = (seconds: number) => Math.round((seconds + 10) * (timescales[stream] as number));
    const bytes = Uint8Array.from(Buffer.from(data, "base64"));
    return { type: "packet", track: stream, dts: at(dts), pts: at(pts), duration: 0, key, data: bytes };
  });
  return [{ type: "tracks", tracks }, ...media, { type: "end" }];
}

/** Standard error, which holds warnings. */
function ffmpeg(...args: string[]): string {
  const { exitCode, stderr } = Bun.spawnSync(["ffmpeg", "-v", "warning", "-nostdin", "-y", ...args]);
  if (exitCode !== 0) throw new Error(stderr.toString());
  return stderr.toString();
}

function ran(...command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { maxBuffer: 2 ** 28 });
  if (exitCode !== 0) throw new Error(`${command[0]}: ${stderr}`);
  return stdout.toString();
}
