import { z } from "zod";
import { duration } from "../config/units.ts";

/** How an application's streams are played by RTMP, HTTP-FLV and WebSocket-FLV. */
export const playSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Let players play by RTMP, HTTP-FLV and WebSocket-FLV."),
    waitForPublisher: z
      .boolean()
      .default(true)
      .describe("RTMP players may wait for a stream that nobody publishes; otherwise they are told so and closed."),
    fromKeyframe: z
      .boolean()
      .default(true)
      .describe("Begin at once with what has come since the last keyframe; otherwise with the next one."),
    waitForKeyframe: z.boolean().default(true).describe("Send no video before a keyframe."),
    waitForVideo: z.boolean().default(false).describe("Send no audio before the first picture."),
    timesFromZero: z
      .boolean()
      .default(true)
      .describe("Times of an RTMP player begin near zero; otherwise they are the stream's."),
    metadata: z
      .enum(["on", "copy", "off"])
      .default("on")
      .describe("`on`: metadata made from the tracks; `copy`: the encoder's as it came; `off`: none."),
    publishNotify: z
      .boolean()
      .default(false)
      .describe("Tell RTMP players when the encoder comes and goes (NetStream.Play.PublishNotify, UnpublishNotify)."),
    startOnPublish: z
      .boolean()
      .default(false)
      .describe("Send NetStream.Play.Start and Stop whenever the encoder comes and goes, instead of once."),
    interleave: z.boolean().default(false).describe("Send audio and video in one chunk stream."),
    maxDelay: duration({ min: 200, max: 60_000 })
      .default(5_000)
      .describe(
        "Media that may wait for a player that is too slow; beyond it, what waits is left out up to a keyframe.",
      ),
  })
  .prefault({});
export type PlayConfig = z.output<typeof playSchema>;
