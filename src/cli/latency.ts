import { type ArgsDef, defineCommand } from "citty";
import { version } from "../../package.json";
import { formatOrigin } from "../app/addresses.ts";
import { type Server, startServer } from "../app/server.ts";
import { loadConfig } from "../config/load.ts";
import { ConfigError } from "../config/mistake.ts";
import { type PublishTarget, parsePublishUrl } from "../demo/publish-url.ts";
import { PublishFailedError, startDemoPublisher } from "../demo/publisher.ts";
import { ListenError } from "../gateways/listen.ts";
import { plotLatency } from "../latency/plot.ts";
import { type LatencyReport, reportOf, type Sample } from "../latency/sample.ts";
import { CannotMeasureError, openWatchPage, type WatchedPage } from "../latency/watch-page.ts";
import { createLog } from "../log.ts";
import type { Millis } from "../media/time.ts";
import { wrongFlag } from "./flags.ts";
import { formatColumns, type Io, printable, processIo } from "./terminal.ts";

const FAILED = 1;
const USAGE = 2;
const DAY_MS = 86_400_000;
/** A player that has just begun is still looking for its place. */
const SETTLE_SECONDS = 5;
const OWN_STREAM = "live/latency";

const args = {
  url: {
    type: "positional",
    required: false,
    valueHint: "URL",
    description: "Where to publish: rtmp://HOST[:PORT]/APP/NAME. Without it a server is started for the measurement.",
  },
  watch: {
    type: "string",
    valueHint: "URL",
    description: "The watch page of that stream (default http://HOST:8080/APP/NAME).",
  },
  seconds: { type: "string", valueHint: "N", description: "How long to measure (default 60)." },
  config: {
    type: "string",
    alias: "c",
    valueHint: "FILE",
    description: "Configuration of the server that is started.",
  },
  plot: { type: "string", valueHint: "FILE", description: "Write a plot, as an SVG image." },
  json: { type: "boolean", description: "Print the result as JSON." },
} as const satisfies ArgsDef;

export default defineCommand({
  meta: {
    name: "latency",
    description: `Measure the time from a picture's making to its showing in a browser.

  naru latency                                a server of its own, with the defaults or -c FILE
  naru latency rtmp://example.org/live/test   another server
  naru latency --seconds 300 --plot lag.svg   five minutes, and a plot

Publishes pictures by RTMP that carry the time they were made at, plays them in headless Chromium on the watch page and reads
the time back from the pixels. Browser and publisher run here, so there is one clock.
`,
  },
  args,
  run: async ({ args: given }) => {
    const io = processIo();
    const wrong = wrongFlag(given, args) ?? (given._.length > 1 ? `one URL, not ${given._.length}` : undefined);
    if (wrong) {
      io.err(`naru latency: ${wrong}\n`);
      process.exit(USAGE);
    }
    process.exit(await runLatency(given, io));
  },
});

export type LatencyRequest = {
  readonly url?: string;
  readonly watch?: string;
  readonly seconds?: string;
  readonly config?: string;
  readonly plot?: string;
  readonly json?: boolean;
};

/** Measures and reports. Returns the exit code: 0 when pictures were seen and read. */
export async function runLatency(request: LatencyRequest, io: Io): Promise<number> {
  const fail = (text: string, code = FAILED): number => {
    io.err(`naru latency: ${printable(text)}\n`);
    return code;
  };
  const seconds = Number(request.seconds ?? 60);
  if (!(seconds > 0)) return fail(`--seconds takes a number above 0, not "${request.seconds}"`, USAGE);
  if (request.url !== undefined && request.config !== undefined) {
    return fail("--config is for the server that is started when no URL is given", USAGE);
  }
  const given = request.url === undefined ? undefined : parsePublishUrl(request.url);
  if (request.url !== undefined && !given) {
    return fail(`"${request.url}" is not of the form rtmp://HOST[:PORT]/APP/NAME`, USAGE);
  }

  let server: Server | undefined;
  let page: WatchedPage | undefined;
  let stop: (() => void) | undefined;
  try {
    server = given ? undefined : await startOwnServer(request.config, io);
    const target = given ?? ownTarget(server);
    const watch = request.watch ?? watchUrl(target, server);
    const publisher = await publish(target);
    stop = () => publisher.close();
    io.err(`publishing to ${printable(target.tcUrl)}, watching ${printable(watch)}\n`);
    page = await openWatchPage(watch);
    await Bun.sleep(SETTLE_SECONDS * 1000);
    const { samples, report } = await measure(page, seconds, io);
    if (request.plot !== undefined) {
      await Bun.write(request.plot, plotLatency(samples, `naru ${version}: glass to glass`));
    }
    const errors = await page.errors();
    if (request.json) io.out(`${JSON.stringify({ ...report, errors }, null, 2)}\n`);
    else io.out(reportText(report, errors, io));
    return 0;
  } catch (error) {
    if (error instanceof RangeError) return fail("no picture with a time was seen: is it the stream's watch page?");
    if (isExpected(error)) return fail(error.message);
    throw error;
  } finally {
    stop?.();
    await page?.close();
    await server?.close();
  }
}

function isExpected(error: unknown): error is Error {
  const kinds = [CannotMeasureError, PublishFailedError, ListenError, ConfigError];
  return kinds.some((kind) => error instanceof kind) || (error instanceof Error && "code" in error);
}

async function measure(
  page: WatchedPage,
  seconds: number,
  io: Io,
): Promise<{ samples: Sample[]; report: LatencyReport }> {
  await page.take();
  const before = await page.counters();
  const samples: Sample[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    await Bun.sleep(Math.min(1000, Math.max(0, end - performance.now())));
    samples.push(...(await page.take()));
    const glass = samples.at(-1)?.glass;
    const left = Math.max(0, (end - performance.now()) / 1000).toFixed(0);
    if (process.stderr.isTTY) io.err(`\r\x1b[K${glass === undefined ? "-" : formatSeconds(glass)}, ${left} s left`);
  }
  if (process.stderr.isTTY) io.err("\r\x1b[K");
  const after = await page.counters();
  const report = reportOf(samples, {
    droppedPictures: after.droppedPictures - before.droppedPictures,
    shownPictures: after.shownPictures - before.shownPictures,
  });
  return { samples, report };
}

async function startOwnServer(file: string | undefined, io: Io): Promise<Server> {
  const { config } = await loadConfig({
    cwd: io.cwd,
    env: {},
    flags: { rtmp: "127.0.0.1:0", http: "127.0.0.1:0", https: "off" },
    ...(file === undefined ? {} : { file }),
  });
  return startServer(config, { log: createLog("warn", io.err, () => new Date()) });
}

function ownTarget(server: Server | undefined): PublishTarget {
  const target = parsePublishUrl(`rtmp://127.0.0.1:${server?.rtmp[0]?.port}/${OWN_STREAM}`);
  if (!target) throw new CannotMeasureError("the server does not listen for RTMP");
  return target;
}

function watchUrl(target: PublishTarget, server: Server | undefined): string {
  const own = server?.http[0];
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  const name = encodeURI(`${target.app}/${target.name.replace(/\?.*$/s, "")}`);
  return `${own ? formatOrigin("http", own) : `http://${host}:8080`}/${name}?player=hls`;
}

function publish(target: PublishTarget) {
  const clock = (): Millis => performance.now();
  return startDemoPublisher({
    target,
    clock,
    wallclockAt: (now) => Date.now() - clock() + now,
    timeOfDay: (wallclock) => wallclock % DAY_MS,
    stamp: true,
    agent: `FMLE/3.0 (compatible; naru latency ${version})`,
  });
}

function reportText(report: LatencyReport, errors: readonly string[], { style }: Io): string {
  const { glass, stages, playbackRates } = report;
  const rows = [
    [
      "glass to glass",
      formatSeconds(glass.median),
      formatSeconds(glass.p95),
      formatSeconds(glass.p99),
      formatSeconds(glass.most),
    ],
  ];
  const lines = [
    formatColumns([["", "median", "95 %", "99 %", "most"], ...rows]),
    ...(stages
      ? [
          "of which (medians)\n",
          formatColumns([
            ["  encoder to server", formatSeconds(stages.encoderToServer)],
            ["  packaging and delivery", formatSeconds(stages.serverToBuffer)],
            ["  player's buffer", formatSeconds(stages.playerBuffer)],
          ]),
        ]
      : []),
    `\n${report.pictures} pictures in ${report.seconds.toFixed(0)} s, ${report.unreadable} unreadable; the browser dropped ${report.droppedPictures} of ${report.shownPictures}; `,
    `${report.stalls} stalls, longest pause ${report.longestPause.toFixed(0)} ms; playback rate ${playbackRates.least.toFixed(2)} to ${playbackRates.most.toFixed(2)}\n`,
    ...errors.map((error) => `${style.yellow("the page says:")} ${printable(error)}\n`),
  ];
  return lines.join("");
}

const formatSeconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
