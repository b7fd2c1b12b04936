import type { Exchange, ResourceKind } from "../exchange.ts";
import { isAnswered } from "../exchange.ts";
import type { Report } from "../finding.ts";
import type { MediaChecks } from "../media/media-checks.ts";
import type { FoundMediaPlaylist } from "../playlist/media-playlist.ts";
import { applyRules } from "../rules/checked-rule.ts";
import { HTTP_RULES } from "../rules/http.ts";
import type { SessionRuleId } from "../rules/session.ts";
import type { Decryption } from "./decryption.ts";
import type { Fetcher, FetchOptions } from "./fetcher.ts";

/** What everything that follows a presentation shares. */
export type SessionParts = {
  readonly fetcher: Fetcher;
  readonly decryption: Decryption;
  readonly media: MediaChecks;
  readonly report: Report;
  /** Aborted when time is up. */
  readonly signal: AbortSignal;
  /** Of a recording, every how many segments are read. */
  readonly sampleEvery: number;
};

/** What bears on an answer. */
type Bearing = { readonly blocking?: boolean; readonly playlist?: FoundMediaPlaylist | undefined };

/** A run of the validator: requests with the rules of HTTP applied to their answers. */
export class Session {
  readonly fetcher: Fetcher;
  readonly decryption: Decryption;
  readonly media: MediaChecks;
  readonly report: Report;
  readonly signal: AbortSignal;
  readonly sampleEvery: number;

  constructor(parts: SessionParts) {
    this.fetcher = parts.fetcher;
    this.decryption = parts.decryption;
    this.media = parts.media;
    this.report = parts.report;
    this.signal = parts.signal;
    this.sampleEvery = parts.sampleEvery;
  }

  get over(): boolean {
    return this.signal.aborted;
  }

  /** A request whose answer is judged by the rules of HTTP. */
  async get(kind: ResourceKind, url: string, bearing: Bearing = {}, options: FetchOptions = {}): Promise<Exchange> {
    const exchange = await this.fetcher.get(kind, url, { signal: this.signal, ...options });
    if (isAnswered(exchange) && !exchange.error) this.judge(exchange, bearing);
    return exchange;
  }

  judge(exchange: Exchange, { blocking = false, playlist }: Bearing): void {
    const subject = {
      exchange,
      blocking,
      targetDuration: playlist?.targetDuration,
      live: playlist !== undefined && !playlist.ended,
      lowLatency: playlist?.partTarget !== undefined,
    };
    applyRules(HTTP_RULES, subject, exchange.url, this.report);
  }

  note(rule: SessionRuleId, where: string, message: string): void {
    this.report({ rule, where, message });
  }

  /** Waits, until time is up at the most. */
  sleep(ms: number): Promise<void> {
    const { signal } = this;
    if (signal.aborted || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", done);
    });
  }
}
