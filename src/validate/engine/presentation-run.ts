import { checkPlaylist } from "../check-playlist.ts";
import type { Exchange } from "../exchange.ts";
import type { Finding } from "../finding.ts";
import { ReportHistory } from "../history/report-history.ts";
import {
  attributeOf,
  codecsOf,
  type FoundMultivariantPlaylist,
  type MultivariantEntry,
  numberOf,
  resolutionOf,
} from "../playlist/read-multivariant-playlist.ts";
import { averageBitRate, BANDWIDTH_RULES, peakBitRate } from "../rules/bandwidth.ts";
import { applyRules } from "../rules/checked-rule.ts";
import { PRESENTATION_RULES, type PresentationSubject } from "../rules/presentation.ts";
import { offeredProtocols } from "./alpn.ts";
import type { RenditionAbout } from "./media-reader.ts";
import type { PlaylistAnswer } from "./playlist-reader.ts";
import { RenditionRun } from "./rendition-run.ts";
import type { Session } from "./session.ts";

type Rendition = { readonly run: RenditionRun; readonly role: string };

/** Media playlists of a presentation are compared so often; milliseconds. */
const COMPARE_MS = 3000;
const GROUPS = ["AUDIO", "VIDEO", "SUBTITLES"] as const;

/** Follows a presentation: all that a multivariant playlist names, or one media playlist. */
export class PresentationRun {
  readonly #session: Session;
  readonly #reports: ReportHistory;
  readonly #renditions = new Map<string, Rendition>();
  #multivariant: FoundMultivariantPlaylist | undefined;

  constructor(session: Session) {
    this.#session = session;
    this.#reports = new ReportHistory(session.report);
  }

  /** In the order in which they were found. */
  get renditions(): readonly RenditionRun[] {
    return [...this.#renditions.values()].map(({ run }) => run);
  }

  get multivariant(): FoundMultivariantPlaylist | undefined {
    return this.#multivariant;
  }

  /** @param exchange the playlist that was asked for @returns what keeps it from being followed, or undefined */
  async begin(exchange: Exchange): Promise<string | undefined> {
    const url = exchange.finalUrl;
    const found: Finding[] = [];
    const checked = checkPlaylist(exchange.body, { url }, (finding) => found.push(finding));
    // A media playlist is loaded and checked once more below.
    if (checked.kind !== "media") for (const finding of found) this.#session.report(finding);
    if (checked.kind === undefined) return "it is no playlist";
    if (checked.kind === "media") this.#add(url, "VARIANT", {});
    else this.#addAll(checked.playlist, checked.variables);
    const begun = await Promise.all(
      [...this.#renditions].map(async ([name, { run }]) => {
        if (await run.begin()) return true;
        this.#session.note("playlist-unavailable", name, "it could not be loaded");
        this.#renditions.delete(name);
        return false;
      }),
    );
    if (!begun.includes(true)) return "none of its media playlists could be loaded";
    await this.#checkProtocols();
    this.#compare();
    return undefined;
  }

  /** Until all have ended and are read, or time is up. */
  async run(): Promise<void> {
    const comparing = setInterval(() => this.#compare(), COMPARE_MS);
    try {
      await Promise.all([...this.#renditions.values()].map(({ run }) => run.run()));
    } finally {
      clearInterval(comparing);
    }
    this.#checkBandwidths();
  }

  #addAll(multivariant: FoundMultivariantPlaylist, imports: ReadonlyMap<string, string>): void {
    this.#multivariant = multivariant;
    for (const entry of multivariant.variants) this.#add(entry.url, "VARIANT", aboutOf(entry), imports);
    for (const entry of multivariant.media) {
      const role = attributeOf(entry, "TYPE") ?? "";
      this.#add(entry.url, role, {}, imports);
    }
    for (const entry of multivariant.iFrameVariants) this.#add(entry.url, "I-FRAMES", aboutOf(entry), imports);
  }

  #add(url: string | undefined, role: string, about: RenditionAbout, imports?: ReadonlyMap<string, string>): void {
    if (url === undefined || this.#renditions.has(url)) return;
    const run = new RenditionRun(this.#session, {
      url,
      about,
      imports,
      independentSegments: this.#multivariant?.independentSegments ?? false,
      onUpdate: (answer) => this.#update(answer),
    });
    this.#renditions.set(url, { run, role });
  }

  #update({ exchange, whole }: PlaylistAnswer): void {
    // Plain requests may be answered by a cache, from a while ago.
    if (!whole || !exchange.url.includes("_HLS_msn=")) return;
    this.#reports.observe({ playlist: whole, sentAt: exchange.sentAt, arrivedAt: exchange.headersAt });
  }

  #compare(): void {
    const multivariant = this.#multivariant;
    if (!multivariant) return;
    const playlists: PresentationSubject["playlists"][number][] = [];
    for (const { run, role } of this.#renditions.values()) {
      if (run.reader.latest) playlists.push({ ...run.reader.latest, role });
    }
    applyRules(PRESENTATION_RULES, { multivariant, playlists }, multivariant.url, this.#session.report);
  }

  async #checkProtocols(): Promise<void> {
    const lowLatency = this.renditions.find(({ reader }) => reader.latest?.partTarget !== undefined);
    if (!lowLatency) return;
    const { url } = lowLatency.reader;
    const { tls, http2 } = await offeredProtocols(url);
    if (!tls) this.#session.note("tls-missing", url, "it is served with plain HTTP");
    else if (!http2) this.#session.note("http2-missing", url, "the server does not offer h2");
  }

  #checkBandwidths(): void {
    const multivariant = this.#multivariant;
    for (const entry of multivariant?.variants ?? []) {
      const own = this.#renditions.get(entry.url ?? "")?.run;
      const targetDuration = own?.reader.latest?.targetDuration;
      if (!own || targetDuration === undefined || own.media.measured.length === 0) continue;
      const rates = [ratesOf(own, targetDuration), ...this.#groupRates(entry, targetDuration)];
      const subject = {
        line: entry.line,
        bandwidth: numberOf(entry, "BANDWIDTH"),
        averageBandwidth: numberOf(entry, "AVERAGE-BANDWIDTH"),
        peak: rates.reduce((sum, { peak }) => sum + peak, 0),
        average: rates.reduce((sum, { average }) => sum + average, 0),
        measured: own.media.measured.reduce((sum, { duration }) => sum + duration, 0),
        live: !own.reader.latest?.ended,
      };
      applyRules(BANDWIDTH_RULES, subject, multivariant?.url ?? "", this.#session.report);
    }
  }

  /** Of the largest member of each group. */
  #groupRates(variant: MultivariantEntry, targetDuration: number): { peak: number; average: number }[] {
    const largest: { peak: number; average: number }[] = [];
    for (const type of GROUPS) {
      const group = attributeOf(variant, type);
      const members = this.#multivariant?.media.filter(
        (entry) =>
          group !== undefined && attributeOf(entry, "TYPE") === type && attributeOf(entry, "GROUP-ID") === group,
      );
      const rates = (members ?? []).flatMap(({ url }) => {
        const run = url === variant.url ? undefined : this.#renditions.get(url ?? "")?.run;
        return run ? [ratesOf(run, targetDuration)] : [];
      });
      if (rates.length === 0) continue;
      largest.push({
        peak: Math.max(...rates.map(({ peak }) => peak)),
        average: Math.max(...rates.map(({ average }) => average)),
      });
    }
    return largest;
  }
}

function ratesOf({ media }: RenditionRun, targetDuration: number): { peak: number; average: number } {
  return { peak: peakBitRate(media.measured, targetDuration), average: averageBitRate(media.measured) };
}

function aboutOf(entry: MultivariantEntry): RenditionAbout {
  const codecs = codecsOf(entry);
  const resolution = resolutionOf(entry);
  const frameRate = numberOf(entry, "FRAME-RATE");
  return {
    ...(codecs && { codecs }),
    ...(resolution && { resolution }),
    ...(frameRate !== undefined && { frameRate }),
  };
}
