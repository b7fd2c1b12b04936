import { type ArgsDef, defineCommand } from "citty";
import { version } from "../../package.json";
import { formatOrigin } from "../app/addresses.ts";
import type { Server } from "../app/server.ts";
import { type PublishTarget, parsePublishUrl } from "../demo/publish-url.ts";
import { type DemoPublisher, type DemoSummary, PublishFailedError, startDemoPublisher } from "../demo/publisher.ts";
import { createLog, type Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import { startDemoServer } from "./demo-server.ts";
import { wrongFlag } from "./flags.ts";
import { type Io, printable, processIo } from "./terminal.ts";

const DEFAULT_URL = "rtmp://127.0.0.1:1935/live/demo";
const DAY_MS = 86_400_000;

/** Exit codes. */
const FAILED = 1;
const USAGE = 2;
const INTERRUPTED = 130;

const args = {
  url: {
    type: "positional",
    required: false,
    valueHint: "URL",
    description: `Where to publish: rtmp://HOST[:PORT]/APP/NAME (default ${DEFAULT_URL})`,
  },
  seconds: { type: "string", valueHint: "N", description: "End after this many seconds." },
} as const satisfies ArgsDef;

export default defineCommand({
  meta: {
    name: "demo",
    description: `Publish a moving picture with a clock and a beep by RTMP, as an encoder would.

  naru demo                                to the server on this machine; starts one if there is none
  naru demo rtmp://example.org/live/test   to another server
  naru demo --seconds 30                   for half a minute; without it until Ctrl-C

At each full second a lamp flashes and a beep sounds: what you see and hear tells whether picture and sound are
together, and the clock, next to your own, how late they are.
`,
  },
  args,
  run: async ({ args: given }) => {
    const io = processIo();
    const wrong =
      wrongFlag(given, args) ?? (given._.length > 1 ? `one URL at a time, not ${given._.length}` : undefined);
    if (wrong) {
      io.err(`naru demo: ${wrong}\n`);
      process.exit(USAGE);
    }
    process.exit(await runDemo({ url: given.url, seconds: given.seconds }, io));
  },
});

export type DemoRequest = { readonly url?: string; readonly seconds?: string };

/** Where to publish when no URL is given, and how to start a server when none listens there. */
export type DemoFallback = { readonly url: string; readonly startServer: (log: Log) => Promise<Server> };

/** Runs until the time is up, Ctrl-C, or the server's end. Returns the exit code. */
export async function runDemo(
  args: DemoRequest,
  io: Io,
  fallback: DemoFallback = { url: DEFAULT_URL, startServer: startDemoServer },
): Promise<number> {
  const fail = (text: string, code = FAILED): number => {
    io.err(`naru demo: ${printable(text)}\n`);
    return code;
  };
  const seconds = args.seconds === undefined ? Number.POSITIVE_INFINITY : Number(args.seconds);
  if (!(seconds > 0)) return fail(`--seconds takes a number above 0, not "${args.seconds}"`, USAGE);
  const target = parsePublishUrl(args.url ?? fallback.url);
  if (!target) {
    return fail(`"${args.url}" is not of the form rtmp://HOST[:PORT]/APP/NAME, such as ${DEFAULT_URL}`, USAGE);
  }

  const interrupt = listenForInterrupt();
  let server: Server | undefined;
  try {
    const publisher = await publish(target).catch(async (error: unknown) => {
      // Only where the user named no server is one started for them.
      if (args.url !== undefined || !(error instanceof PublishFailedError && error.code === "refused")) throw error;
      const log = createLog("warn", io.err, () => new Date());
      server = await fallback.startServer(log);
      return publish(target);
    });
    io.out(runningText(target, server, io));
    return await untilEnd(publisher, seconds, interrupt, io);
  } catch (error) {
    return fail(error instanceof PublishFailedError ? failureText(error, target) : wordsOf(error));
  } finally {
    interrupt.stop();
    await server?.close();
  }
}

function publish(target: PublishTarget): Promise<DemoPublisher> {
  const clock = (): Millis => performance.now();
  const offset = Date.now() - clock();
  return startDemoPublisher({
    target,
    clock,
    wallclockAt: (now) => now + offset,
    timeOfDay: (wallclock) => (wallclock - new Date(wallclock).getTimezoneOffset() * 60_000) % DAY_MS,
    agent: `FMLE/3.0 (compatible; naru demo ${version})`,
  });
}

async function untilEnd(publisher: DemoPublisher, seconds: number, interrupt: Interrupt, io: Io): Promise<number> {
  const began = performance.now();
  const timer = Number.isFinite(seconds) ? setTimeout(() => publisher.close(), seconds * 1000) : undefined;
  interrupt.handle(() => publisher.close());
  const summary = await publisher.ended;
  clearTimeout(timer);
  const took = (performance.now() - began) / 1000;
  if (summary.code === "shutdown") {
    io.out(`\nPublished for ${took.toFixed(0)} s: ${summaryText(summary)}\n`);
    return 0;
  }
  io.err(`\nnaru demo: ended after ${took.toFixed(0)} s: ${printable(summary.reason)} (${summaryText(summary)})\n`);
  return FAILED;
}

function summaryText({ videoFrames, bytes, stalls }: DemoSummary): string {
  const late = stalls > 0 ? `, ${stalls} times the server or the network did not keep up` : "";
  return `${videoFrames} frames, ${(bytes / 1e6).toFixed(1)} MB${late}`;
}

function runningText(target: PublishTarget, server: Server | undefined, { style }: Io): string {
  const stream = encodeURI(`${target.app}/${target.name.replace(/\?.*$/s, "")}`);
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  const own = server?.http[0];
  const origin = own ? formatOrigin("http", own) : `http://${host}:8080`;
  const lines = [
    "",
    server ? `${style.bold("No server was running here, so this is one")}, for as long as the demo runs.` : "",
    `Publishing ${style.bold("a moving picture with a clock and a beep")}`,
    "",
    `  ${style.dim("to".padEnd(10))} ${style.cyan(printable(`${target.tcUrl}/${target.name.replace(/\?.*$/s, "")}`))}`,
    `  ${style.dim("Watch".padEnd(10))} ${style.cyan(`${origin}/${stream}`)}`,
    `  ${style.dim("Playlist".padEnd(10))} ${style.cyan(`${origin}/${stream}/index.m3u8`)}`,
    server ? "" : `${" ".repeat(13)}${style.dim("(if that server is naru, with HTTP on 8080)")}`,
    "",
    `  ${style.dim("Ctrl-C ends it.")}`,
    "",
  ];
  return lines.filter((line, i) => line !== "" || lines[i - 1] !== "").join("\n");
}

function failureText({ code, message }: PublishFailedError, target: PublishTarget): string {
  switch (code) {
    case "refused":
      return `${message}. Start a server there ("naru start"), or run "naru demo" without a URL: it brings its own.`;
    case "unreachable":
      return message;
    case "rejected":
      return `${target.host} refused the publish: ${message}. If the name is already live, take another: ${target.tcUrl}/demo2`;
    case "closed":
      return `no publish at ${target.host} port ${target.port}: ${message}. Is it an RTMP server?`;
  }
}

type Interrupt = { handle(onInterrupt: () => void): void; stop(): void };

/** Ctrl-C and SIGTERM end the process at once until there is something to close, and again the second time. */
function listenForInterrupt(): Interrupt {
  let close: (() => void) | undefined;
  const onSignal = (): void => {
    if (!close) process.exit(INTERRUPTED);
    close();
    close = undefined;
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    handle(onInterrupt) {
      close = onInterrupt;
    },
    stop() {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
