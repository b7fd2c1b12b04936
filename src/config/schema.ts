import { z } from "zod";
import { apiSchema } from "../control/config.ts";
import { runListSchema } from "../exec/config.ts";
import { httpSchema } from "../gateways/http/config.ts";
import { httpsSchema } from "../gateways/http/https-config.ts";
import { rtmpSchema, rtmpsSchema } from "../gateways/rtmp/config.ts";
import { tlsSchema } from "../gateways/tls/config.ts";
import { hooksSchema } from "../hooks/config.ts";
import { picturesSchema } from "../pictures/config.ts";
import { applicationSchema } from "./application.ts";

/** The whole configuration. Each room owns its slice; this file only joins them. */
export const configSchema = z
  .strictObject({
    log: z.enum(["debug", "info", "warn", "error"]).default("info").describe("Least severe level that is printed."),
    state: z
      .boolean()
      .default(true)
      .describe(
        "Keep which streams are live, and their latest media, in the state directory, to go on with after a restart.",
      ),
    rtmp: rtmpSchema.describe("How encoders reach the server by RTMP."),
    rtmps: rtmpsSchema.describe("How encoders reach the server by RTMP over TLS."),
    http: httpSchema.describe("How viewers reach the server by HTTP."),
    https: httpsSchema.describe("How viewers reach the server by HTTPS."),
    tls: tlsSchema.describe("Where the certificate of HTTPS and RTMPS comes from."),
    pictures: picturesSchema.describe("Thumbnails and storyboards of live streams."),
    api: apiSchema.describe("Who may use the API at /api/; what the start page reads is for all."),
    hooks: hooksSchema.describe("Functions, webhooks and programs that are asked or told when somebody connects."),
    background: runListSchema.describe("Processes that are kept running with the server."),
    applications: z
      .record(z.string(), applicationSchema)
      .prefault({ "*": {} })
      .describe("By the first part of the stream's path; `*` stands for any name not listed."),
  })
  .prefault({});

/** What a user may write; `UserConfig` in user-config.ts is the same with documentation. */
export type ConfigInput = z.input<typeof configSchema>;
/** What the rooms are handed: every default filled in, times in milliseconds, sizes in bytes. */
export type Config = z.output<typeof configSchema>;
