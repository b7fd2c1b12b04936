import type { Histogram } from "./histogram.ts";
import type { Tally } from "./tally.ts";

/** Percentiles of a measured time, in milliseconds; null where nothing was measured. */
export type Spread = {
  readonly count: number;
  readonly min: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
};

/** The outcome of a run, as `--json` prints it. Times are milliseconds. */
export type LoadReport = {
  readonly url: string;
  readonly seconds: number;
  readonly viewers: { readonly most: number; readonly joined: number; readonly left: number; readonly played: number };
  readonly stalls: { readonly count: number; readonly totalMs: number; readonly viewers: number };
  readonly latency: Spread;
  readonly mediaAge: Spread;
  readonly firstMedia: Spread;
  readonly startup: Spread;
  readonly bytes: number;
  readonly bitsPerSecond: number;
  readonly requests: {
    readonly total: number;
    readonly perSecond: number;
    readonly byKind: Readonly<Record<string, number>>;
  };
  readonly errors: { readonly total: number; readonly byKind: Readonly<Record<string, number>> };
  readonly skips: number;
  readonly switches: number;
  readonly unchangedReloads: number;
  readonly refusedDeltas: number;
  readonly droppedHints: number;
};

export function makeReport(
  tally: Tally,
  run: {
    readonly url: string;
    readonly seconds: number;
    readonly most: number;
    readonly joined: number;
    readonly left: number;
  },
): LoadReport {
  const perSecond = (count: number): number => (run.seconds > 0 ? count / run.seconds : 0);
  return {
    url: run.url,
    seconds: run.seconds,
    viewers: { most: run.most, joined: run.joined, left: run.left, played: tally.startup.count },
    stalls: { count: tally.stalls, totalMs: tally.stalledMs, viewers: tally.viewersStalled },
    latency: spread(tally.latency),
    mediaAge: spread(tally.age),
    firstMedia: spread(tally.firstMedia),
    startup: spread(tally.startup),
    bytes: tally.bytes,
    bitsPerSecond: perSecond(tally.bytes * 8),
    requests: {
      total: tally.requests,
      perSecond: perSecond(tally.requests),
      byKind: Object.fromEntries(tally.kinds),
    },
    errors: { total: tally.errorCount, byKind: Object.fromEntries([...tally.errors].sort((a, b) => b[1] - a[1])) },
    skips: tally.skips,
    switches: tally.switches,
    unchangedReloads: tally.unchanged,
    refusedDeltas: tally.deltasRefused,
    droppedHints: tally.hintsDropped,
  };
}

function spread(histogram: Histogram): Spread {
  return {
    count: histogram.count,
    min: histogram.min ?? null,
    p50: histogram.percentile(0.5) ?? null,
    p95: histogram.percentile(0.95) ?? null,
    p99: histogram.percentile(0.99) ?? null,
    max: histogram.max ?? null,
  };
}

/** Nothing is shown before it was recorded, but for what the last frame of a part lasts: below this a clock is wrong. */
const NO_SKEW_MS = -250;

/** The report as rows of label and text, for a person. */
export function reportRows(report: LoadReport): [label: string, text: string][] {
  const { viewers, stalls, requests, errors, latency } = report;
  const rows: [string, string][] = [
    ["Viewers", viewersText(viewers)],
    ["Stalls", stallsText(stalls, viewers.joined)],
    ["Errors", errors.total === 0 ? "none" : `${errors.total}`],
    ...Object.entries(errors.byKind).map(([kind, count]): [string, string] => ["", `${count} x ${kind}`]),
    ["Latency", latency.count === 0 ? "not known: no EXT-X-PROGRAM-DATE-TIME" : spreadText(latency)],
    ["Media age", report.mediaAge.count === 0 ? "not known" : spreadText(report.mediaAge)],
    ["First media", spreadText(report.firstMedia)],
    ["Playing", spreadText(report.startup)],
    ["Received", `${bytesText(report.bytes)}, ${bitsText(report.bitsPerSecond)}`],
    ["Requests", `${requests.total}, ${requests.perSecond.toFixed(0)}/s${kindsText(requests.byKind)}`],
  ];
  const others = othersText(report);
  if (others !== "") rows.push(["Other", others]);
  if ((latency.min ?? 0) < NO_SKEW_MS || (report.mediaAge.min ?? 0) < NO_SKEW_MS) {
    rows.push(["", "Something was seen before its time: the clocks of this machine and of the source differ."]);
  }
  return rows;
}

function viewersText({ most, joined, left, played }: LoadReport["viewers"]): string {
  const churned = left > 0 ? `; ${joined} came and ${left} left in all` : "";
  const silent = played < joined ? `; ${joined - played} never played` : "";
  return `${most}${churned}${silent}`;
}

function stallsText({ count, totalMs, viewers }: LoadReport["stalls"], joined: number): string {
  if (count === 0) return "none";
  const share = joined > 0 ? ` (${((100 * viewers) / joined).toFixed(1)} %)` : "";
  return `${count}, ${(totalMs / 1000).toFixed(1)} s in all, ${viewers} viewers${share}`;
}

function othersText(report: LoadReport): string {
  const counts: [number, string][] = [
    [report.skips, "times a viewer lost its place"],
    [report.switches, "changes of variant"],
    [report.unchangedReloads, "blocking reloads without news"],
    [report.refusedDeltas, "delta updates that did not fit"],
    [report.droppedHints, "hinted parts that did not come"],
  ];
  return counts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}`)
    .join(", ");
}

function spreadText({ p50, p95, p99, max }: Spread): string {
  return `p50 ${timeText(p50)}, p95 ${timeText(p95)}, p99 ${timeText(p99)}, max ${timeText(max)}`;
}

function kindsText(kinds: Readonly<Record<string, number>>): string {
  const texts = Object.entries(kinds).map(([kind, count]) => `${kind} ${count}`);
  return texts.length > 0 ? ` (${texts.join(", ")})` : "";
}

/** `-`, `38 ms` or `1.24 s`. */
export function timeText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "-";
  return Math.abs(ms) < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

export function bitsText(bitsPerSecond: number): string {
  return bitsPerSecond < 1e9
    ? `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`
    : `${(bitsPerSecond / 1e9).toFixed(2)} Gbit/s`;
}

function bytesText(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
