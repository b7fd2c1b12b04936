import { Decryption } from "./engine/decryption.ts";
import { Fetcher, type HttpVersion } from "./engine/fetcher.ts";
import { PresentationRun } from "./engine/presentation-run.ts";
import { Session } from "./engine/session.ts";
import type { Exchange } from "./exchange.ts";
import type { RuleId, Severity } from "./finding.ts";
import { type CountedFinding, Findings } from "./findings.ts";
import { describeMedia } from "./media/description.ts";
import { MediaChecks } from "./media/media-checks.ts";
import { RULES } from "./rules/all.ts";

export type ValidateOptions = {
  readonly url: string;
  /** How long a live stream is followed; a recording is read to its end, whatever that takes. */
  readonly durationMs: number;
  /** Of a recording, every how many segments are read. */
  readonly sampleEvery?: number;
  readonly insecure?: boolean;
  readonly http?: HttpVersion;
  /** Rules that are left out. */
  readonly without?: readonly RuleId[];
  /** Ends it early. */
  readonly signal?: AbortSignal;
  readonly userAgent?: string;
  readonly onProgress?: (progress: Progress) => void;
};

export type Progress = {
  readonly seconds: number;
  readonly requests: number;
  readonly bytes: number;
  readonly counts: Readonly<Record<Severity, number>>;
};

/** One media playlist of the presentation. */
export type RenditionSummary = {
  readonly url: string;
  readonly live: boolean;
  /** Seconds. */
  readonly targetDuration: number;
  readonly partTarget?: number;
  /** Segments whose media was read. */
  readonly segmentsRead: number;
  /** What is in it; undefined where nothing could be read. */
  readonly media?: string;
};

export type Verdict = {
  readonly url: string;
  readonly kind: "multivariant" | "media" | undefined;
  /** Why nothing could be followed. */
  readonly unreadable?: string;
  readonly renditions: readonly RenditionSummary[];
  readonly findings: readonly CountedFinding[];
  readonly counts: Readonly<Record<Severity, number>>;
  readonly seconds: number;
  readonly requests: number;
  readonly bytes: number;
};

const PROGRESS_MS = 500;
/** A stream that is about to start is waited for. */
const START_TRIES = 10;
const START_RETRY_MS = 1500;

/** Follows a stream as a player does and says what is wrong with it. */
export async function validate(options: ValidateOptions): Promise<Verdict> {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const findings = new Findings(RULES, options.without ?? [], seconds);
  const time = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, time.signal]) : time.signal;
  const { insecure, http, userAgent = "naru-validate" } = options;
  const fetcher = new Fetcher({ userAgent, ...(insecure && { insecure }), ...(http && { http }) });
  const media = new MediaChecks(findings.report);
  const session = new Session({
    fetcher,
    media,
    signal,
    decryption: new Decryption(fetcher, findings.report),
    report: findings.report,
    sampleEvery: Math.max(1, options.sampleEvery ?? 1),
  });
  const tell = () =>
    options.onProgress?.({
      seconds: seconds(),
      requests: fetcher.requests,
      bytes: fetcher.bytes,
      counts: findings.counts(),
    });
  const progress = setInterval(tell, PROGRESS_MS);
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const presentation = new PresentationRun(session);
    const exchange = await begin(session, options.url);
    const unreadable =
      exchange.status === 200 && !exchange.error ? await presentation.begin(exchange) : failureOf(exchange);
    if (unreadable === undefined) {
      const live = presentation.renditions.some(({ reader }) => !reader.latest?.ended);
      if (live) timer = setTimeout(() => time.abort(), Math.max(0, options.durationMs - (performance.now() - began)));
      await presentation.run();
    }
    media.finish();
    const described = new Map(
      media.describe().map((description) => [description.rendition, describeMedia(description)]),
    );
    return {
      url: options.url,
      kind: unreadable === undefined ? (presentation.multivariant ? "multivariant" : "media") : undefined,
      ...(unreadable !== undefined && { unreadable }),
      renditions: presentation.renditions.map(({ reader: { url, latest }, media: { measured } }) => ({
        url,
        live: !latest?.ended,
        targetDuration: latest?.targetDuration ?? Number.NaN,
        ...(latest?.partTarget !== undefined && { partTarget: latest.partTarget }),
        segmentsRead: measured.length,
        ...(described.has(url) && { media: described.get(url) }),
      })),
      findings: findings.list(),
      counts: findings.counts(),
      seconds: seconds(),
      requests: fetcher.requests,
      bytes: fetcher.bytes,
    };
  } finally {
    clearTimeout(timer);
    clearInterval(progress);
    time.abort();
  }
}

async function begin(session: Session, url: string): Promise<Exchange> {
  for (let tries = 1; ; tries++) {
    const exchange = await session.get("playlist", url);
    const later = exchange.status === 503 && exchange.headers["retry-after"] !== undefined;
    if (!later || tries === START_TRIES || session.over) return exchange;
    await session.sleep(START_RETRY_MS);
  }
}

function failureOf({ status, error, errorText }: Exchange): string {
  return error ? `${error}: ${errorText}` : `the server answered ${status}`;
}
