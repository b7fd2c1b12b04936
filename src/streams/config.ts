import { z } from "zod";
import { duration } from "../config/units.ts";

/** A second encoder for the streams of an application. */
export const backupSchema = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe("Let a second encoder publish to `KEY?backup=1` and wait there until the first one stops."),
    suffix: z
      .string()
      .min(1)
      .regex(/^[^/?#]+$/, "expected text without /, ? and #")
      .optional()
      .describe('A key that ends so is a backup\'s, too: with `"_backup"`, `test_backup` is the backup of `test`.'),
    after: duration({ min: 200 })
      .default(1000)
      .describe(
        "The backup takes over when the first encoder sends no media for this long, or at once when it leaves.",
      ),
    handBack: z.boolean().default(true).describe("The first encoder gets the stream back when it has returned."),
    handBackAfter: duration()
      .default(10_000)
      .describe("How long it must have sent media without a pause before it gets the stream back."),
  })
  .prefault({});
export type BackupConfig = z.output<typeof backupSchema>;
