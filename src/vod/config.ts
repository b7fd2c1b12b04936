import { z } from "zod";
import { duration, size } from "../config/units.ts";

/** Files that an application plays by RTMP. */
export const filesSchema = z
  .strictObject({
    from: z
      .array(z.string())
      .default([])
      .describe(
        "Directories, and http:// or https:// URLs of directories, in the order in which a file is looked for.",
      ),
    buffer: duration()
      .default(1000)
      .describe("How far ahead of its time a file is sent to players that do not say how much they keep."),
    temporaryDirectory: z
      .string()
      .optional()
      .describe("Where files of other servers are while they are played; the system's own when left out."),
    keepDirectory: z
      .string()
      .optional()
      .describe("Where files of other servers stay once they are complete; nowhere when left out."),
    maxFetch: size()
      .default(4 * 1024 ** 3)
      .describe("Largest file that is fetched from another server."),
  })
  .prefault({});
export type FilesConfig = z.output<typeof filesSchema>;
