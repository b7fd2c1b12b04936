import { z } from "zod";
import { hlsSchema } from "../hls/config.ts";

/** What an application (the first part of a stream's path) does with its streams. */
export const applicationSchema = z
  .strictObject({
    live: z.boolean().default(true).describe("Accept publishers."),
    secondPublisher: z
      .enum(["refuse", "replace"])
      .default("refuse")
      .describe("What happens when a name that is live is published again."),
    hls: hlsSchema,
  })
  .prefault({});
export type ApplicationConfig = z.output<typeof applicationSchema>;
