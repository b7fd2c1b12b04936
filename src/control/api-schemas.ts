import { z } from "@hono/zod-openapi";

export const problemSchema = z
  .object({
    type: z.literal("about:blank"),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
  })
  .openapi("Problem", { description: "RFC 9457." });
export type Problem = z.output<typeof problemSchema>;

const bytes = { bytesIn: z.int(), bytesOut: z.int() };
const rates = { bitsIn: z.int(), bitsOut: z.int() };

export const sessionSchema = z
  .object({
    id: z.int().openapi({ description: "Of the connection." }),
    kind: z.enum(["publish", "play"]),
    protocol: z.string(),
    path: z.string().openapi({ description: "Of the stream: application/key." }),
    address: z.string(),
    agent: z.string().openapi({ description: "Name and version that the client gives itself." }),
    relay: z.boolean().openapi({ description: "This server has connected to the other, to push or to pull." }),
    seconds: z.number(),
    ...bytes,
    dropped: z.int().openapi({ description: "Frames left out because the client was too slow." }),
    timestamp: z.number().openapi({ description: "Of the latest media, in milliseconds." }),
    avSync: z.number().openapi({ description: "How far its audio is ahead of its video, in milliseconds." }),
  })
  .openapi("Session");
export const sessionsSchema = z.object({ sessions: z.array(sessionSchema) }).openapi("Sessions");

export const statsSchema = z
  .object({
    version: z.string(),
    pid: z.int(),
    uptime: z.int().openapi({ description: "Seconds." }),
    accepted: z.int().openapi({ description: "Connections since the start, without HLS." }),
    connections: z.int(),
    publishers: z.int(),
    players: z.int(),
    ...bytes,
    ...rates,
    streams: z.array(
      z.object({
        path: z.string(),
        publishers: z.int(),
        players: z.int(),
        recording: z.array(z.string()).openapi({ description: "Recorders that are writing." }),
        ...bytes,
        ...rates,
      }),
    ),
  })
  .openapi("Stats");

export const relaySchema = z
  .object({
    id: z.int().optional().openapi({ description: "Of its session, while its connection carries the stream." }),
    direction: z.enum(["push", "pull"]),
    stream: z.string().openapi({ description: "Path of the stream here." }),
    target: z.string().openapi({ description: "The other server, without user, password, stream key and query." }),
    state: z.enum(["waiting", "connecting", "running"]).openapi({ description: "waiting: for the next attempt." }),
    forMs: z.int().openapi({ description: "How long it has been in this state." }),
    attempts: z.int(),
    lastError: z.string().optional(),
    bytes: z.int().openapi({ description: "Of all its connections." }),
    stalledMs: z.int().openapi({ description: "How long the other server has taken nothing of what waits for it." }),
    dropped: z.int().openapi({ description: "Messages left out because the other server was too slow." }),
  })
  .openapi("Relay");
export type RelayValue = Readonly<z.output<typeof relaySchema>>;
export const relaysSchema = z.object({ relays: z.array(relaySchema) }).openapi("Relays");
export const countSchema = z
  .object({ count: z.int().openapi({ description: "Sessions that it met." }) })
  .openapi("Count");
export const recordingSchema = z
  .object({ file: z.string().nullable().openapi({ description: "null: there was nothing to do." }) })
  .openapi("Recording");
export const redirectSchema = z
  .object({ name: z.string().min(1).max(255).openapi({ description: "Another name in the same application." }) })
  .openapi("Redirect");
export const streamsSchema = z
  .object({ version: z.string(), streams: z.array(z.looseObject({ path: z.string(), state: z.string() })) })
  .openapi("Streams", { description: "What the start page reads; open to all." });
