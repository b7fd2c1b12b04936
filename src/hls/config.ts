import { z } from "zod";
import { duration } from "../config/units.ts";

/** HLS output of an application. */
export const hlsSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Make HLS of every stream of this application."),
    format: z
      .enum(["cmaf", "mpegts"])
      .default("cmaf")
      .describe("Segments as fragmented MP4 (all codecs, low latency), or MPEG-TS."),
    lowLatency: z
      .boolean()
      .default(true)
      .describe("Low-Latency HLS: parts, blocking reload, preload hints. CMAF only."),
    separateAudio: z
      .boolean()
      .default(false)
      .describe("Sound in a rendition of its own, beside those of video, also where there is one only. CMAF only."),
    part: duration({ min: 20, max: 10_000 }).default(400).describe("Target duration of a part (PART-TARGET)."),
    // Media sequence numbers leave room for four segments a second.
    segment: duration({ min: 300, max: 600_000 })
      .default(2000)
      .describe("Target duration of a segment; it ends at the first keyframe after that."),
    maxSegment: duration({ min: 300, max: 3_600_000 })
      .default(10_000)
      .describe("A segment without keyframe is cut by force at this length."),
    window: duration({ min: 100 }).default(30_000).describe("How much of the past the playlist lists."),
    grace: duration().default(60_000).describe("How long the playlist stays open for an encoder that went away."),
    standIn: z
      .boolean()
      .default(true)
      .describe("Show the last picture, with silence, while the encoder is away or sends nothing."),
    variants: z
      .array(
        z.strictObject({
          suffix: z.string().regex(/^[^/]{1,64}$/, "expected what stands behind the name of the stream, such as _720"),
          attributes: z.array(z.string()).default([]).describe("In path: of its line in the playlist, as NAME=VALUE."),
        }),
      )
      .default([])
      .describe("Streams NAME + suffix are qualities of one stream, with a multivariant playlist at NAME."),
    path: z.string().optional().describe("Directory to write playlist and segments to as well. MPEG-TS only."),
    nested: z
      .boolean()
      .default(false)
      .describe("In path: NAME/index.m3u8 and NAME/N.ts instead of NAME.m3u8 and NAME-N.ts."),
    baseUrl: z.string().default("").describe("In path: prefix of segment names in the playlist."),
    naming: z
      .enum(["sequential", "timestamp", "system"])
      .default("sequential")
      .describe(
        "In path: what segments are numbered by: one by one, the stream's time in 1/90,000 s, or the clock in ms.",
      ),
    namingGranularity: z
      .number()
      .int()
      .min(0)
      .default(0)
      .describe("In path: numbers by time are rounded down to a multiple of this; 0 leaves them."),
    slicing: z
      .enum(["plain", "aligned"])
      .default("plain")
      .describe(
        "MPEG-TS: a segment ends at the first keyframe `segment` after its start, or behind the next multiple of `segment` in the stream's time, so that streams of one encoder are cut alike.",
      ),
    event: z
      .boolean()
      .default(false)
      .describe("In path: a playlist of type EVENT, as long as window has room for all of it."),
    keys: z
      .strictObject({
        path: z.string().optional().describe("Directory of the keys; `path` of the segments when left out."),
        url: z.string().default("").describe("Prefix of the keys' addresses in the playlist."),
        segments: z
          .int()
          .min(0)
          .default(0)
          .describe("A new key every so many segments; 0: one each time that the stream begins."),
      })
      .optional()
      .describe("In path: segments are encrypted (AES-128), and what is not encrypted is not served by HTTP."),
    cleanup: z.boolean().default(true).describe("In path: remove segments that left the playlist."),
    continuous: z.boolean().default(true).describe("In path: continue the sequence of a playlist found there."),
    maxAudioDelay: duration().default(300).describe("MPEG-TS: how long audio frames are gathered into one PES."),
  })
  .prefault({});
export type HlsConfig = z.output<typeof hlsSchema>;
