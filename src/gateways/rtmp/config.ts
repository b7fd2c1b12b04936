import { z } from "zod";
import { duration, listenAddresses, size } from "../../config/units.ts";

/** How encoders and players reach the server by RTMP. */
export const rtmpSchema = z
  .strictObject({
    listen: listenAddresses()
      .default([{ host: "::", port: 1935 }])
      .describe("Addresses that RTMP listens on; an empty list turns RTMP off."),
    chunkSize: z
      .number()
      .int()
      .min(128)
      .max(65_536)
      .default(60_000)
      .describe("Chunk size the server announces, in bytes. FFmpeg adopts it for what it sends."),
    ackWindow: z
      .number()
      .int()
      .min(1024)
      .max(0x7fff_ffff)
      .default(2_500_000)
      .describe("Window acknowledgement size sent to peers, in bytes."),
    maxMessageSize: size({ min: 4096, max: 64 * 1024 ** 2 })
      .default(10 * 1024 ** 2)
      .describe("Largest RTMP message accepted; a larger one closes the connection."),
    maxStreams: z.number().int().min(1).max(1024).default(32).describe("Message streams one connection may create."),
    maxConnections: z.number().int().min(1).default(10_000).describe("RTMP connections at the same time."),
    handshakeTimeout: duration({ min: 100 })
      .default(10_000)
      .describe("Time from accept until a publish or play must have been asked for."),
    sendTimeout: duration()
      .default(60_000)
      .describe("A peer that takes nothing of what it is sent for this long is closed; 0 lets it stay."),
    idleTimeout: duration()
      .default(30_000)
      .describe("A publisher or player that sends nothing for this long, not even answers to pings, is closed."),
    mediaTimeout: duration()
      .default(0)
      .describe("A publisher that sends no media for this long is closed though it answers pings; 0 lets it stay."),
    pingInterval: duration().default(10_000).describe("How often a connection is pinged; 0 turns it off."),
  })
  .prefault({});
export type RtmpConfig = z.output<typeof rtmpSchema>;

/** How an application is reached by RTMP and RTMPS. */
export const rtmpApplicationSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[^/]{1,200}$/, "expected a name without a slash")
      .optional()
      .describe("What encoders and players call it in their URL, if not as it is called here."),
    listen: listenAddresses()
      .optional()
      .describe("Of rtmp.listen and rtmps.listen, the addresses by which it is reached; all when left out."),
  })
  .prefault({});

/** How encoders reach the server by RTMP over TLS; all else is as with RTMP. */
export const rtmpsSchema = z
  .strictObject({
    listen: listenAddresses().default([]).describe("Addresses that RTMPS listens on; an empty list turns RTMPS off."),
  })
  .prefault({});
export type RtmpsConfig = z.output<typeof rtmpsSchema>;
