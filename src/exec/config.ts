import { z } from "zod";
import { duration } from "../config/units.ts";

/** Signals that can be asked for: those of POSIX.1-1990. */
export const SIGNALS = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGILL",
  "SIGABRT",
  "SIGFPE",
  "SIGKILL",
  "SIGSEGV",
  "SIGPIPE",
  "SIGALRM",
  "SIGTERM",
  "SIGUSR1",
  "SIGUSR2",
  "SIGCHLD",
  "SIGCONT",
  "SIGSTOP",
  "SIGTSTP",
  "SIGTTIN",
  "SIGTTOU",
] as const;

export type Signal = (typeof SIGNALS)[number];

/** A process that is kept running. */
export const runSchema = z.strictObject({
  command: z
    .array(z.string())
    .min(1)
    .describe(
      "Program and arguments, without a shell. `$app`, `$name` and others are put in; `>file`, `2>>file`, `<file`, `2>&1` redirect.",
    ),
  env: z
    .array(z.string().regex(/^[A-Za-z_]\w*(=[^\0]*)?$/, "expected NAME or NAME=value"))
    .optional()
    .describe("Its environment: `NAME` as the server has it, or `NAME=value`. All of the server's when left out."),
  respawn: z.boolean().default(true).describe("Start it again when it ends by itself."),
  respawnDelay: duration().default(5000).describe("How long after its end it is started again."),
  killSignal: z.enum(SIGNALS).default("SIGTERM").describe("What ends it; five seconds later it is ended by force."),
});
export type RunConfig = z.output<typeof runSchema>;

/** A process that is kept running for each stream. */
export const streamRunSchema = runSchema.extend({
  when: z
    .enum(["published", "played"])
    .describe("While an encoder publishes the stream; or from its first player by RTMP or FLV to the last."),
  streams: z.array(z.string()).optional().describe("Only for streams of these names."),
});
export type StreamRunConfig = z.output<typeof streamRunSchema>;

export const runListSchema = z.array(runSchema).default([]);
export const streamRunListSchema = z.array(streamRunSchema).default([]);
