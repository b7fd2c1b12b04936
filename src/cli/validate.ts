import { type ArgsDef, defineCommand } from "citty";
import { version } from "../../package.json";
import { suggestion } from "../config/suggest.ts";
import { parseDuration } from "../config/units.ts";
import type { Severity } from "../validate/finding.ts";
import { isAtLeast } from "../validate/findings.ts";
import { RULES } from "../validate/rules/all.ts";
import { type Progress, type ValidateOptions, type Verdict, validate } from "../validate/validate.ts";
import { wrongFlag } from "./flags.ts";
import { type Io, printable, processIo } from "./terminal.ts";
import { formatRules, formatVerdict, verdictAsData } from "./validate-report.ts";

/** Exit codes. */
const FOUND = 1;
const UNREADABLE = 2;

const SEVERITIES: readonly Severity[] = ["error", "warning", "info"];
const HTTP_VERSIONS = ["1.1", "2", "3"] as const;

const args = {
  url: { type: "positional", required: false, valueHint: "URL", description: "A multivariant or a media playlist." },
  duration: {
    type: "string",
    valueHint: "TIME",
    description: "Follow a live stream for so long (default 60s). A recording is read to its end.",
  },
  sample: { type: "string", valueHint: "N", description: "Of a recording, read every N-th segment only." },
  "fail-on": {
    type: "string",
    valueHint: "SEVERITY",
    description: "Least severity that makes the exit code 1: error (default), warning or info.",
  },
  rule: {
    type: "string",
    valueHint: "-ID",
    description: "Leave out a rule; several with commas: --rule -part-late,-playlist-not-compressed",
  },
  "list-rules": { type: "boolean", description: "List all rules with severity and clause." },
  json: { type: "boolean", description: "Print the result as JSON, for programs." },
  insecure: { type: "boolean", description: "Take any certificate." },
  http: { type: "string", valueHint: "VERSION", description: "With https, use HTTP 1.1 (default), 2 or 3." },
} as const satisfies ArgsDef;

export default defineCommand({
  meta: {
    name: "validate",
    description: `Follow an HLS stream as players do, and say what is wrong with it: playlists, how they change, low-latency
delivery, HTTP, and the media inside, by RFC 8216bis (draft 22) and by Apple's rules for authors.
Exit code 0: nothing found; 1: findings of error or worse than --fail-on says; 2: it could not be read.

  naru validate http://127.0.0.1:8080/live/test/index.m3u8
  naru validate https://example.org/live.m3u8 --duration 5m --fail-on warning
  naru validate https://example.org/film.m3u8 --sample 10 --json
`,
  },
  args,
  run: async ({ args: given }) => {
    const io = processIo();
    const rules = given.rule === undefined ? [] : given.rule.split(",");
    const wrong = wrongFlag(given, args) ?? wrongArguments(given, rules);
    if (wrong) {
      io.err(`naru validate: ${printable(wrong)}\n`);
      process.exit(UNREADABLE);
    }
    if (given["list-rules"]) {
      io.out(given.json ? `${JSON.stringify(RULES.map(plainRule), null, 2)}\n` : formatRules(io.style));
      return;
    }
    const stop = new AbortController();
    process.once("SIGINT", () => stop.abort());
    process.once("SIGTERM", () => stop.abort());
    process.exitCode = await runValidate(
      {
        url: given.url as string,
        durationMs: parseDuration(given.duration ?? "60s") as number,
        sampleEvery: given.sample === undefined ? 1 : Number(given.sample),
        without: rules.map((rule) => rule.slice(1)),
        signal: stop.signal,
        userAgent: `naru/${version} validate`,
        ...(given.insecure && { insecure: true }),
        ...(given.http !== undefined && { http: given.http as (typeof HTTP_VERSIONS)[number] }),
      },
      { failOn: (given["fail-on"] ?? "error") as Severity, json: given.json ?? false, progress: process.stderr.isTTY },
      io,
    );
  },
});

type Output = { readonly failOn: Severity; readonly json: boolean; readonly progress: boolean };

/** Validates, prints the result, and returns the exit code. */
export async function runValidate(
  options: ValidateOptions,
  { failOn, json, progress }: Output,
  io: Io,
): Promise<number> {
  const verdict = await validate({
    ...options,
    ...(progress && { onProgress: (now: Progress) => io.err(progressLine(now, options.durationMs)) }),
  });
  if (progress) io.err(CLEAR_LINE);
  io.out(json ? `${JSON.stringify(verdictAsData(verdict), null, 2)}\n` : formatVerdict(verdict, io.style));
  return exitCode(verdict, failOn);
}

export function exitCode(verdict: Verdict, failOn: Severity): number {
  if (verdict.unreadable !== undefined) return UNREADABLE;
  return verdict.findings.some(({ rule }) => isAtLeast(rule.severity, failOn)) ? FOUND : 0;
}

const CLEAR_LINE = "\r\u001b[2K";

function progressLine({ seconds, requests, bytes, counts }: Progress, durationMs: number): string {
  const amounts = `${requests} requests, ${(bytes / 1e6).toFixed(1)} MB`;
  const found = `${counts.error} errors, ${counts.warning} warnings, ${counts.info} notes`;
  return `${CLEAR_LINE}${Math.floor(seconds)} of ${Math.round(durationMs / 1000)} s  ${amounts}  ${found}`;
}

type Given = {
  readonly _: readonly string[];
  readonly url?: string;
  readonly duration?: string;
  readonly sample?: string;
  readonly "fail-on"?: string;
  readonly "list-rules"?: boolean;
  readonly http?: string;
};

function wrongArguments(given: Given, rules: readonly string[]): string | undefined {
  if (given["list-rules"]) return undefined;
  if (given._.length > 1) return `one URL at a time, not ${given._.length}`;
  if (given.url === undefined) return "the URL of a playlist is missing";
  if (!/^https?:\/\//i.test(given.url) || !URL.canParse(given.url)) return `"${given.url}" is no URL of http or https`;
  if (parseDuration(given.duration ?? "60s") === undefined)
    return `--duration takes a time such as 90s, not "${given.duration}"`;
  if (given.sample !== undefined && !/^[1-9]\d{0,5}$/.test(given.sample))
    return `--sample takes a whole number, not "${given.sample}"`;
  const failOn = given["fail-on"];
  if (failOn !== undefined && !SEVERITIES.some((one) => one === failOn))
    return `--fail-on is error, warning or info, not "${failOn}"`;
  if (given.http !== undefined && !HTTP_VERSIONS.some((one) => one === given.http))
    return `--http is 1.1, 2 or 3, not "${given.http}"`;
  for (const rule of rules) {
    const id = rule.replace(/^-/, "");
    if (!rule.startsWith("-")) return `--rule leaves rules out: --rule -${id}`;
    if (!RULES.some((one) => one.id === id)) {
      const hint = suggestion(
        id,
        RULES.map((one) => one.id),
      );
      return `there is no rule "${id}"${hint ? `: ${hint}` : ""}; --list-rules lists them`;
    }
  }
  return undefined;
}

const plainRule = ({ id, severity, clause, text }: (typeof RULES)[number]) => ({ id, severity, clause, text });
