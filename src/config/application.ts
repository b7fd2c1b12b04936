import { z } from "zod";
import { accessSchema } from "../access/config.ts";
import { accessLogSchema } from "../access-log/config.ts";
import { dashSchema } from "../dash/config.ts";
import { streamRunListSchema } from "../exec/config.ts";
import { rtmpApplicationSchema } from "../gateways/rtmp/config.ts";
import { hlsSchema } from "../hls/config.ts";
import { applicationHooksSchema } from "../hooks/config.ts";
import { playSchema } from "../play/config.ts";
import { recordSchema } from "../record/config.ts";
import { pullSchema, pushSchema } from "../relay/config.ts";
import { backupSchema } from "../streams/config.ts";
import { abrSchema } from "../transcode/config.ts";
import { filesSchema } from "../vod/config.ts";
import type { ListenAddress } from "./units.ts";

/** What an application (the first part of a stream's path) does with its streams. */
export const applicationSchema = z
  .strictObject({
    live: z.boolean().default(true).describe("Accept publishers."),
    secondPublisher: z
      .enum(["refuse", "replace"])
      .default("refuse")
      .describe("What happens when a name that is live is published again."),
    backup: backupSchema.describe("A second encoder that waits and takes over."),
    access: accessSchema.describe("Who may publish and play, by address. The first rule about an address decides."),
    rtmp: rtmpApplicationSchema.describe("How it is reached by RTMP and RTMPS."),
    hls: hlsSchema,
    dash: dashSchema.describe("MPEG-DASH of each stream, at index.mpd."),
    play: playSchema.describe("How players play by RTMP, HTTP-FLV and WebSocket-FLV."),
    files: filesSchema.describe("Files that are played by RTMP to who asks for a name that is not live."),
    record: recordSchema.describe("Files that streams are recorded to, by a name for each recorder."),
    hooks: applicationHooksSchema.describe(
      "Functions, webhooks and programs that are asked or told what happens in the application.",
    ),
    accessLog: accessLogSchema.describe("Files that get a line for each publish and play that has ended."),
    run: streamRunListSchema.describe("Processes that are kept running while a stream is published or played."),
    push: pushSchema.describe("Other servers that every stream is sent on to, by RTMP or RTMPS."),
    pull: pullSchema.describe("Other servers that streams are fetched from when somebody asks for them, or always."),
    abr: abrSchema.describe("Adaptive bitrate: each stream in several qualities."),
  })
  .prefault({});
export type ApplicationConfig = z.output<typeof applicationSchema>;

/** Paths of the server's own pages, which an application of the same name would hide. */
export const RESERVED_NAMES: readonly string[] = ["_naru", "api"];

/** The settings for an application that a peer names: its own, or those of `*`. Undefined when it takes no streams. */
export function findApplication(
  applications: Readonly<Record<string, ApplicationConfig>>,
  name: string,
): ApplicationConfig | undefined {
  if (RESERVED_NAMES.includes(name)) return undefined;
  // Not what objects inherit, such as `constructor`.
  return Object.hasOwn(applications, name) ? applications[name] : applications["*"];
}

/**
 * The key of the application that clients call so, at the address that they came by; undefined when it is not reached so. A name
 * that is nowhere is its own key.
 */
export function applicationAt(
  applications: Readonly<Record<string, ApplicationConfig>>,
  name: string,
  at: ListenAddress,
): string | undefined {
  for (const [key, { rtmp }] of Object.entries(applications)) {
    if ((rtmp.name ?? key) === name && isReached(rtmp.listen, at)) return key;
  }
  if (Object.hasOwn(applications, name)) return undefined;
  return isReached(applications["*"]?.rtmp.listen, at) ? name : undefined;
}

/** Whether an address is one of a list; all are when there is no list. */
export function isReached(listen: readonly ListenAddress[] | undefined, { host, port }: ListenAddress): boolean {
  return !listen || listen.some((one) => one.port === port && anywhere(one.host) === anywhere(host));
}

/** Every address is one, however it is written. */
const anywhere = (host: string): string => (host === "0.0.0.0" ? "::" : host);
