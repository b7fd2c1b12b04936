import { z } from "zod";
import { duration } from "../config/units.ts";

/** Thumbnails and storyboards of live streams. */
export const picturesSchema = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe("Make thumbnails and storyboards of live streams while somebody asks. Needs the media library."),
    interval: duration({ min: 1000, max: 3_600_000 })
      .default(5000)
      .describe("A picture that is not older than this is given again."),
    width: z.int().min(64).max(1280).default(480).describe("Width of a thumbnail in pixels, where its URL says none."),
    tile: z.int().min(48).max(320).default(160).describe("Longer side of a picture in a storyboard, in pixels."),
    columns: z.int().min(1).max(25).default(10).describe("Pictures in a row of a storyboard."),
    cpu: z
      .number()
      .min(0.01)
      .max(4)
      .default(0.1)
      .describe("Share of a CPU core that pictures may take in the long run, all streams together."),
  })
  .prefault({});
export type PicturesConfig = z.output<typeof picturesSchema>;
