import { type ArgsDef, defineCommand } from "citty";
import { version } from "../../package.json";
import { planConnections } from "../load/limits.ts";
import { bitsText, type LoadReport, makeReport, reportRows, timeText } from "../load/report.ts";
import { LoadRun } from "../load/run.ts";
import { Tally } from "../load/tally.ts";
import type { VariantChoice } from "../load/viewer.ts";
import { type HttpVersion, realWorld } from "../load/world.ts";
import type { Millis } from "../media/time.ts";
import { wrongFlag } from "./flags.ts";
import { formatColumns, type Io, printable, processIo } from "./terminal.ts";

/** Exit codes. */
const FAILED = 1;
const USAGE = 2;

const args = {
  url: { type: "positional", required: false, valueHint: "URL", description: "Of a multivariant or media playlist." },
  viewers: { type: "string", alias: "n", valueHint: "N", default: "10", description: "How many watch." },
  seconds: { type: "string", valueHint: "N", description: "End after this many seconds; without it on Ctrl-C." },
  ramp: {
    type: "string",
    valueHint: "SECONDS",
    description: "The viewers arrive over this time (default 1 s for 500).",
  },
  churn: { type: "string", valueHint: "N", description: "So many viewers a second leave, each replaced by a new one." },
  variant: {
    type: "string",
    valueHint: "WHICH",
    description: "auto (default: by measured bandwidth), lowest, highest, mix, or a number counted from 0.",
  },
  bandwidth: { type: "string", valueHint: "KBIT/S", description: "What each viewer's line carries." },
  "switch-every": { type: "string", valueHint: "SECONDS", description: "Each viewer changes the variant that often." },
  rate: { type: "string", valueHint: "X", description: "Viewers that are late play so much faster, such as 1.05." },
  hints: { type: "boolean", description: "Ask for hinted parts ahead, as Shaka and Apple's player do." },
  plain: { type: "boolean", description: "Behave as a player without low latency." },
  http2: { type: "boolean", description: "One HTTP/2 connection for each viewer; https only." },
  http3: { type: "boolean", description: "HTTP/3, on connections that viewers share; https only." },
  timeout: {
    type: "string",
    valueHint: "SECONDS",
    description: "Give up on a request without an answer (default 10).",
  },
  insecure: { type: "boolean", description: "Accept any certificate." },
  json: { type: "boolean", description: "Print the report as JSON, for programs." },
  "max-stalls": { type: "string", valueHint: "N", description: "Exit code 1 when there were more (default 0)." },
  "max-errors": { type: "string", valueHint: "N", description: "Exit code 1 when there were more (default 0)." },
} as const satisfies ArgsDef;

export default defineCommand({
  meta: {
    name: "load",
    description: `Watch a live stream as many players at once, and say how that went: stalls, latency, errors.
Works with any HLS server. Exit code 0: played without a stall or error; 1: not; 2: wrong options.

  naru load http://127.0.0.1:8080/live/test/index.m3u8 -n 1000 --seconds 60
  naru load URL -n 200 --hints              as players that ask for parts ahead
  naru load URL -n 200 --plain              as players without low latency
  naru load URL -n 200 --bandwidth 1500     on lines of 1.5 Mbit/s
  naru load https://HOST/PATH/index.m3u8 --http2 --insecure
`,
  },
  args,
  run: async ({ args: given }) => {
    const io = processIo();
    const wrong = wrongFlag(given, args) ?? (given._.length > 1 ? `one URL at a time` : undefined);
    const request = wrong === undefined ? parseLoadRequest(given) : wrong;
    if (typeof request === "string") {
      io.err(`naru load: ${printable(request)}\n`);
      process.exit(USAGE);
    }
    process.exit(await load(request, io, process.stderr.isTTY === true));
  },
});

/** What the command line asks for; times in milliseconds. */
export type LoadRequest = {
  readonly url: string;
  readonly viewers: number;
  readonly duration: Millis;
  readonly ramp: Millis;
  readonly churn: number;
  readonly variant: VariantChoice | "mix";
  readonly bandwidth: number | undefined;
  readonly switchEvery: Millis | undefined;
  readonly rate: number;
  readonly hints: boolean;
  readonly plain: boolean;
  readonly version: HttpVersion;
  readonly timeout: Millis;
  readonly insecure: boolean;
  readonly json: boolean;
  readonly maxStalls: number;
  readonly maxErrors: number;
};

type Given = { readonly [name in keyof typeof args]?: string | boolean };

/** More viewers than one process can have. */
const MAX_VIEWERS = 100_000;
/** Viewers that arrive in a second unless `--ramp` says otherwise. */
const ARRIVALS = 500;

/** What the flags mean, or what is wrong with them. */
export function parseLoadRequest(given: Given): LoadRequest | string {
  const mistakes: string[] = [];
  const number = (name: keyof Given, fallback: number, least: number, most = Number.MAX_SAFE_INTEGER): number => {
    const text = given[name];
    if (text === undefined) return fallback;
    const value = Number(text);
    if (!(value >= least && value <= most)) {
      const range = most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`;
      mistakes.push(`--${name} takes a number ${range}, not "${text}"`);
    }
    return value;
  };
  const { url } = given;
  if (typeof url !== "string" || !/^https?:\/\//.test(url) || !URL.canParse(url)) {
    return url === undefined
      ? "which URL? naru load http://HOST/PATH/index.m3u8"
      : `"${url}" is not an http or https URL`;
  }
  const viewers = Math.floor(number("viewers", 10, 1, MAX_VIEWERS));
  const variant = parseVariant(String(given.variant ?? "auto"));
  if (variant === undefined)
    mistakes.push(`--variant takes auto, lowest, highest, mix or a number, not "${given.variant}"`);
  const optional = (name: keyof Given, least: number): number | undefined =>
    given[name] === undefined ? undefined : number(name, 0, least);
  const kilobits = optional("bandwidth", 1);
  const switchSeconds = optional("switch-every", 0.1);
  const request: LoadRequest = {
    url,
    viewers,
    duration: given.seconds === undefined ? Number.POSITIVE_INFINITY : number("seconds", 0, 0.1) * 1000,
    ramp: number("ramp", viewers / ARRIVALS, 0) * 1000,
    churn: number("churn", 0, 0),
    variant: variant ?? "auto",
    bandwidth: kilobits === undefined ? undefined : kilobits * 1000,
    switchEvery: switchSeconds === undefined ? undefined : switchSeconds * 1000,
    rate: number("rate", 1, 1, 2),
    hints: given.hints === true,
    plain: given.plain === true,
    version: given.http3 === true ? 3 : given.http2 === true ? 2 : 1,
    timeout: number("timeout", 10, 0.1) * 1000,
    insecure: given.insecure === true,
    json: given.json === true,
    maxStalls: number("max-stalls", 0, 0),
    maxErrors: number("max-errors", 0, 0),
  };
  if (request.version > 1 && !url.startsWith("https:")) mistakes.push(`--http${request.version} needs an https URL`);
  return mistakes[0] ?? request;
}

function parseVariant(text: string): VariantChoice | "mix" | undefined {
  if (text === "auto" || text === "lowest" || text === "highest" || text === "mix") return text;
  return /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}

/** Timers, and so stalls, are right to this. */
const TICK: Millis = 5;
const TTY_PROGRESS: Millis = 500;
const LINE_PROGRESS: Millis = 5_000;

/** That a viewer has open at a time, as a rule: over HTTP/1.1 one for the held reload, one for media. */
const CONNECTIONS: Readonly<Record<HttpVersion, number>> = { 1: 2, 2: 1, 3: 0 };

/** Runs until the time is up, Ctrl-C, or the end of the stream. @returns the exit code */
export async function load(request: LoadRequest, io: Io, isTerminal: boolean): Promise<number> {
  const url = new URL(request.url);
  const plan = await planConnections(request.viewers, url.hostname, CONNECTIONS[request.version], (address) =>
    answersAt(address, url),
  );
  if (plan.type === "impossible") {
    io.err(`naru load: ${plan.reason}\n`);
    return FAILED;
  }
  const tally = new Tally();
  const run = new LoadRun(toOptions(request, plan.addresses), realWorld(request.version), tally);
  const began = performance.now();
  const most = await drive(run, request, tally, io, isTerminal);
  const seconds = (performance.now() - began) / 1000;
  run.close();
  const report = makeReport(tally, { url: request.url, seconds, most, joined: run.joined, left: run.left });
  io.out(request.json ? `${JSON.stringify(report, null, 2)}\n` : render(report, io));
  const failed = report.stalls.count > request.maxStalls || report.errors.total > request.maxErrors;
  return failed || report.viewers.played === 0 ? FAILED : 0;
}

function toOptions(request: LoadRequest, addresses: readonly string[]): ConstructorParameters<typeof LoadRun>[0] {
  const { hostname } = new URL(request.url);
  let next = 0;
  return {
    viewers: request.viewers,
    viewer: (n) => ({
      url: request.url,
      lowLatency: !request.plain,
      hints: request.hints,
      variant: request.variant === "mix" ? n : request.variant,
      rate: request.rate,
      switchEvery: request.switchEvery,
    }),
    ramp: request.ramp,
    churn: request.churn,
    bandwidth: request.bandwidth,
    userAgent: `naru-load/${version}`,
    transport: {
      timeout: request.timeout,
      insecure: request.insecure,
      address: (host) => (host === hostname ? addresses[next++ % addresses.length] : undefined),
    },
  };
}

/** @returns the most viewers there were at a time */
async function drive(run: LoadRun, request: LoadRequest, tally: Tally, io: Io, isTerminal: boolean): Promise<number> {
  const progress = new Progress(run, tally, io, isTerminal && !request.json);
  let most = 0;
  await new Promise<void>((resolve) => {
    const began = performance.now();
    let shownAt = began;
    const finish = (): void => {
      clearInterval(timer);
      process.off("SIGINT", finish);
      process.off("SIGTERM", finish);
      resolve();
    };
    const timer = setInterval(() => {
      run.tick();
      const now = performance.now();
      if (now - shownAt >= progress.interval) {
        shownAt = now;
        const { viewers, ended } = run.state;
        most = Math.max(most, viewers);
        progress.show(now);
        if (viewers > 0 && ended === viewers && request.churn === 0) finish();
      }
      if (now - began >= request.duration) finish();
    }, TICK);
    process.on("SIGINT", finish);
    process.on("SIGTERM", finish);
  });
  progress.clear();
  return Math.max(most, run.state.viewers);
}

/** One line about how it goes: rewritten in place on a terminal, else a new one every few seconds. */
class Progress {
  readonly interval: Millis;
  readonly #run: LoadRun;
  readonly #tally: Tally;
  readonly #io: Io;
  readonly #inPlace: boolean;
  #at = performance.now();
  #requests = 0;
  #bytes = 0;

  constructor(run: LoadRun, tally: Tally, io: Io, inPlace: boolean) {
    this.#run = run;
    this.#tally = tally;
    this.#io = io;
    this.#inPlace = inPlace;
    this.interval = inPlace ? TTY_PROGRESS : LINE_PROGRESS;
  }

  show(now: Millis): void {
    const { viewers, playing, stalled } = this.#run.state;
    const { requests, bytes, recentLatency, stalls, errorCount } = this.#tally;
    const seconds = (now - this.#at) / 1000;
    const parts = [
      `${viewers} viewers`,
      `${playing} playing`,
      `${stalled} stalled`,
      `${((requests - this.#requests) / seconds).toFixed(0)} requests/s`,
      bitsText(((bytes - this.#bytes) * 8) / seconds),
      `latency p50 ${timeText(recentLatency.percentile(0.5))} p99 ${timeText(recentLatency.percentile(0.99))}`,
      `${stalls} stalls`,
      `${errorCount} errors`,
    ];
    recentLatency.clear();
    this.#at = now;
    this.#requests = requests;
    this.#bytes = bytes;
    this.#io.err(this.#inPlace ? `\r\u001b[K${parts.join("  ")}` : `${parts.join("  ")}\n`);
  }

  clear(): void {
    if (this.#inPlace) this.#io.err("\r\u001b[K");
  }
}

function render(report: LoadReport, { style }: Io): string {
  const rows = reportRows(report).map(([label, text]) => [label, printable(text)]);
  return formatColumns(rows, (cell, column) => (column === 0 ? style.bold(cell) : cell));
}

async function answersAt(address: string, url: URL): Promise<boolean> {
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  try {
    const socket = await Bun.connect({ hostname: address, port, socket: { data() {} } });
    socket.terminate();
    return true;
  } catch {
    return false;
  }
}
