import { loadMediaLibrary, type MediaLibrary } from "../../media-process/library.ts";
import type { FoundEncoders } from "../encoders.ts";
import type { RungCodec } from "../rung.ts";
import { libraryName } from "./library-name.ts";
import { pixelFormatFor, VideoEncoder } from "./video-encoder.ts";

const KINDS = ["vaapi", "nvenc", "qsv", "videotoolbox"] as const;
const CANDIDATES: Readonly<Record<RungCodec, readonly string[]>> = {
  h264: ["libx264", ...KINDS.map((kind) => `h264_${kind}`)],
  hevc: ["libx265", ...KINDS.map((kind) => `hevc_${kind}`)],
  av1: ["libsvtav1", ...KINDS.map((kind) => `av1_${kind}`)],
};
/** Some hardware refuses smaller pictures. */
const WIDTH = 640;
const HEIGHT = 360;

/** Tries each encoder with a picture. In a process of its own: a driver's mistake ends it. */
export async function probeEncoders(): Promise<FoundEncoders> {
  let av: MediaLibrary | undefined;
  try {
    av = await loadMediaLibrary();
  } catch (error) {
    return { ok: false, reason: `the media library cannot be loaded: ${reasonOf(error)}` };
  }
  if (!av) return { ok: false, reason: "the media library node-av is not installed" };
  av.Log.setLevel(av.AV_LOG_QUIET);
  const encoders: Record<RungCodec, string[]> = { h264: [], hevc: [], av1: [] };
  const refused: Record<string, string> = {};
  for (const codec of ["h264", "hevc", "av1"] as const) {
    for (const name of CANDIDATES[codec]) {
      if (!av.Codec.findEncoderByName(name as Parameters<typeof av.Codec.findEncoderByName>[0])) continue;
      try {
        tryEncoder(av, codec, name);
        encoders[codec].push(name);
      } catch (error) {
        refused[name] = reasonOf(error);
      }
    }
  }
  return { ok: true, library: libraryName(av), encoders, refused };
}

function tryEncoder(av: MediaLibrary, codec: RungCodec, encoder: string): void {
  const frame = new av.Frame();
  frame.alloc();
  frame.width = WIDTH;
  frame.height = HEIGHT;
  frame.format = pixelFormatFor(encoder) === "nv12" ? av.AV_PIX_FMT_NV12 : av.AV_PIX_FMT_YUV420P;
  frame.allocBuffer();
  const rate = { bitrate: 1_000_000, maxBitrate: 1_000_000, bufferSize: 1_000_000 };
  const rung = { kind: "video", name: "probe", width: WIDTH, height: HEIGHT, frameDivisor: 1, codec, encoder } as const;
  let packets = 0;
  try {
    const onPacket = () => void packets++;
    const options = { rung: { ...rung, ...rate }, track: 1, timescale: 90_000, frameRate: 30, threads: 1, onPacket };
    const made = new VideoEncoder(av, options, frame);
    try {
      made.write(frame, 0, 0, true);
      made.drain();
    } finally {
      made.close();
    }
  } finally {
    frame.free();
  }
  if (packets === 0) throw new Error("it gives nothing");
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
