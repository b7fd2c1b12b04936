import { z } from "zod";
import { MalformedError } from "../bytes/errors.ts";
import type { ByteReader } from "../bytes/reader.ts";
import type { ByteWriter } from "../bytes/writer.ts";
import type { Track } from "../media/track.ts";
import type { FromTranscoder, TranscoderSettings, TranscoderStatus } from "./messages.ts";
import type { Rung } from "./rung.ts";

/** What is said seldom goes as JSON, to the end of the message; bytes as hexadecimal. */
export function writeJson(out: ByteWriter, value: unknown): void {
  out.utf8(JSON.stringify(value, (_, item) => (item instanceof Uint8Array ? item.toHex() : item)));
}

export function readJson<T>(input: ByteReader, schema: z.ZodType<T>): T {
  const { offset } = input;
  let value: unknown;
  try {
    value = JSON.parse(input.utf8(input.left));
  } catch (error) {
    if (error instanceof MalformedError) throw error;
    throw new MalformedError("not JSON", offset);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new MalformedError(`not what was expected: ${z.prettifyError(parsed.error)}`, offset);
  return parsed.data;
}

const record = z.hex().transform((text, context) => {
  if (text.length % 2 === 0) return Uint8Array.fromHex(text);
  context.addIssue("half a byte");
  return z.NEVER;
});
const trackBase = {
  id: z.int().nonnegative(),
  timescale: z.number().positive(),
  language: z.string().optional(),
  label: z.string().optional(),
};
const size = z.object({ width: z.number(), height: z.number() });
const videoConfig = z.object({
  codec: z.enum(["h264", "hevc", "av1", "vp9"]),
  record,
  codecString: z.string(),
  width: z.number(),
  height: z.number(),
  sar: size,
  frameRate: z.number().optional(),
  colour: z
    .object({ primaries: z.number(), transfer: z.number(), matrix: z.number(), fullRange: z.boolean() })
    .optional(),
});
const audioConfig = z.object({
  codec: z.enum(["aac", "mp3", "opus", "flac", "ac3", "eac3"]),
  record,
  codecString: z.string(),
  sampleRate: z.number(),
  channels: z.number(),
  samplesPerPacket: z.number(),
});

export const tracksSchema: z.ZodType<readonly Track[]> = z.array(
  z.discriminatedUnion("kind", [
    z.object({ ...trackBase, kind: z.literal("video"), config: videoConfig }),
    z.object({ ...trackBase, kind: z.literal("audio"), config: audioConfig }),
    z.object({ ...trackBase, kind: z.literal("data") }),
  ]),
);

const count = z.int().positive();
const rungAudio = z.discriminatedUnion("codec", [
  z.object({ codec: z.literal("copy") }),
  z.object({ codec: z.literal("aac"), bitrate: count, channels: count }),
]);
const rungSchema: z.ZodType<Rung> = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("video"),
    name: z.string(),
    width: count,
    height: count,
    frameDivisor: count,
    codec: z.enum(["h264", "hevc", "av1"]),
    encoder: z.string(),
    bitrate: count,
    maxBitrate: count,
    bufferSize: count,
    preset: z.string().optional(),
    tune: z.string().optional(),
    profile: z.string().optional(),
    level: z.string().optional(),
    options: z.string().optional(),
    audio: rungAudio.optional(),
  }),
  z.object({ kind: z.literal("audio"), name: z.string(), audio: rungAudio }),
]);

export const settingsSchema: z.ZodType<TranscoderSettings> = z.object({
  rungs: z.array(rungSchema),
  threads: count.optional(),
});

export const startRungSchema = z.object({
  rung: z.string(),
  from: z.object({ msn: z.int().nonnegative(), part: z.int().nonnegative() }).optional(),
});

export const statusSchema: z.ZodType<TranscoderStatus> = z.object({
  fed: z.number(),
  done: z.number(),
  speed: z.number(),
  frames: z.number(),
  decodeErrors: z.number(),
  rssBytes: z.number(),
  rungs: z.array(z.object({ name: z.string(), fps: z.number() })),
});

export const logSchema: z.ZodType<Omit<Extract<FromTranscoder, { type: "log" }>, "type">> = z.object({
  level: z.enum(["debug", "info", "warn"]),
  text: z.string(),
});
