import { z } from "zod";
import { switchable } from "../config/forms.ts";
import { duration } from "../config/units.ts";

/** MPEG-DASH output of an application. */
export const dashSchema = switchable(
  z.strictObject({
    enabled: z.boolean().default(false).describe("MPEG-DASH of every stream of this application, at `index.mpd`."),
    segment: duration({ min: 300, max: 600_000 })
      .default(2000)
      .describe("Target duration of a segment, where HLS is off or MPEG-TS; else the segments are those of HLS."),
    window: duration({ min: 100 })
      .default(30_000)
      .describe("How much of the past the manifest lists, where HLS is off or MPEG-TS."),
    lowLatency: z
      .boolean()
      .default(true)
      .describe("Segments are given out while they are made, where HLS is CMAF of low latency and segments are even."),
    path: z.string().optional().describe("Directory to write manifest and segments to as well."),
    nested: z
      .boolean()
      .default(false)
      .describe("In path: NAME/index.mpd and NAME/TIME.m4v instead of NAME.mpd and NAME-TIME.m4v."),
    clock: z
      .strictObject({
        kind: z.enum(["ntp", "http-head", "http-iso"]).describe("What answers there."),
        url: z.string().describe("Address of the clock."),
      })
      .optional()
      .describe("In path: the clock that players are told to set theirs by (UTCTiming)."),
    cleanup: z.boolean().default(true).describe("In path: remove segments that left the manifest."),
  }),
);
export type DashConfig = z.output<typeof dashSchema>;
