import { MalformedError } from "../../bytes/errors.ts";
import type { InitSection } from "../../formats/mp4/init-reader.ts";
import { PACKET_SIZE, SYNC_BYTE } from "../../formats/mpegts/packet.ts";
import type { PartInfo, Report, SegmentInfo } from "../finding.ts";
import { RenditionAlignment } from "./alignment.ts";
import { type MediaDescription, RenditionStatistics } from "./description.ts";
import { digestOf } from "./digest.ts";
import { type SummaryOptions, summarizeFragments } from "./fmp4.ts";
import { checkInit } from "./init-checks.ts";
import { summarizeTs } from "./mpegts.ts";
import { isPackedAudio, summarizePackedAudio } from "./packed-audio.ts";
import { PartLedger } from "./part-ledger.ts";
import { checkPart, checkSegment } from "./playlist-checks.ts";
import type { Note, NoteAt } from "./rules.ts";
import type { MediaSummary } from "./summary.ts";
import { RenditionTimeline } from "./timeline.ts";
import { VariantChecks } from "./variant-checks.ts";
import { checkWebVtt, isWebVtt } from "./webvtt.ts";

type Rendition = {
  readonly timeline: RenditionTimeline;
  readonly parts: PartLedger;
  readonly variant: VariantChecks;
  readonly statistics: RenditionStatistics;
  /** What was said to be not checked. */
  readonly unchecked: Set<string>;
};

/** An EXT-X-MAP resource: a moov, or the tables of a transport stream, or one that could not be read. */
type Init = { readonly section?: InitSection; readonly bytes?: Uint8Array };

/**
 * Checks the media of a presentation as it is fetched, in any order. Of segments and parts only summaries are kept.
 * Findings that take several segments come later than the segment, the last ones with `finish`.
 */
export class MediaChecks {
  readonly #renditions = new Map<string, Rendition>();
  readonly #inits = new Map<string, Init>();
  readonly #alignment: RenditionAlignment;

  constructor(private readonly report: Report) {
    this.#alignment = new RenditionAlignment(this.#noteAt);
  }

  /** An initialization section, before the segments that need it. `uri` is what their `initUri` says. */
  init(rendition: string, uri: string, bytes: Uint8Array): void {
    if (this.#inits.has(uri)) return;
    if (this.#inits.size >= MAX_INITS) this.#inits.delete(this.#inits.keys().next().value ?? "");
    this.#inits.set(uri, this.#readInit(rendition, uri, bytes));
  }

  /** A whole media segment, decrypted where the playlists say AES-128. One that came before is passed over. */
  segment(info: SegmentInfo, bytes: Uint8Array): void {
    const rendition = this.#rendition(info.rendition);
    if (!rendition || rendition.timeline.knows(info.msn)) return;
    const { timeline, parts, variant, statistics } = rendition;
    const summary = info.gap ? undefined : this.#read(rendition, info, bytes, parts.isUsed);
    if (summary) {
      checkSegment(info, summary, this.#note(info.uri));
      variant.add(info, summary);
      statistics.add(info, summary, bytes.length);
      this.#alignment.add(info, summary);
      if (parts.isUsed) parts.segment(info, digestOf(bytes), summary.frames);
    }
    timeline.add(info, summary);
  }

  /** A partial segment. */
  part(info: PartInfo, bytes: Uint8Array): void {
    const rendition = this.#rendition(info.rendition);
    if (!rendition || info.gap) return;
    const summary = this.#read(rendition, info, bytes, true);
    if (!summary) return;
    checkPart(info, summary, this.#note(info.uri));
    rendition.parts.part(info, digestOf(bytes), summary.frames);
  }

  /** No more media will come. */
  finish(): void {
    for (const { timeline, parts, variant } of this.#renditions.values()) {
      timeline.finish();
      parts.finish();
      variant.finish();
    }
  }

  /** What was seen, rendition by rendition, in the order in which they came. */
  describe(): MediaDescription[] {
    return [...this.#renditions].flatMap(([name, { statistics }]) => statistics.describe(name) ?? []);
  }

  readonly #noteAt: NoteAt = (rule, where, message) => this.report({ rule, where, message });

  #note(where: string): Note {
    return (rule, message) => this.report({ rule, where, message });
  }

  #rendition(name: string): Rendition | undefined {
    const known = this.#renditions.get(name);
    if (known || this.#renditions.size >= MAX_RENDITIONS) return known;
    const statistics = new RenditionStatistics();
    const rendition = {
      timeline: new RenditionTimeline(this.#noteAt, (distance) => statistics.addKeyframe(distance)),
      parts: new PartLedger(this.#noteAt),
      variant: new VariantChecks(this.#noteAt),
      statistics,
      unchecked: new Set<string>(),
    };
    this.#renditions.set(name, rendition);
    return rendition;
  }

  #readInit(name: string, uri: string, bytes: Uint8Array): Init {
    if (isTransportStream(bytes) || isWebVtt(bytes)) return { bytes };
    try {
      const section = checkInit(bytes, this.#note(uri));
      const rendition = this.#rendition(name);
      if (rendition) this.#noteUnknownFormats(rendition, section, uri);
      return { section };
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.report({ rule: "init-unreadable", where: uri, message: error.message });
      return {};
    }
  }

  #noteUnknownFormats(rendition: Rendition, { tracks }: InitSection, uri: string): void {
    for (const { handler, entries } of tracks) {
      for (const { format, config, encrypted, fault } of entries) {
        if (encrypted) this.#noteUnchecked(rendition, uri, `encrypted samples of ${format}`);
        else if (handler !== "soun" && !config && !fault) this.#noteUnchecked(rendition, uri, `samples of ${format}`);
      }
    }
  }

  #noteUnchecked({ unchecked }: Rendition, where: string, what: string): void {
    if (unchecked.has(what)) return;
    unchecked.add(what);
    this.report({ rule: "media-not-checked", where, message: what });
  }

  /** Undefined, and noted, where it cannot be read. */
  #read(rendition: Rendition, info: SegmentInfo, bytes: Uint8Array, withFrames: boolean): MediaSummary | undefined {
    const { encryption, uri } = info;
    const encrypted = encryption !== undefined && encryption !== "NONE";
    if (encrypted) this.#noteUnchecked(rendition, uri, `segments encrypted with ${encryption}`);
    if (encrypted && !encryption.startsWith("SAMPLE-AES")) return undefined;
    const note = this.#note(uri);
    try {
      return this.#summarize(rendition, info, bytes, { withFrames, encrypted }, note);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      note("media-unreadable", error.message);
      return undefined;
    }
  }

  #summarize(
    rendition: Rendition,
    info: SegmentInfo,
    bytes: Uint8Array,
    options: SummaryOptions,
    note: Note,
  ): MediaSummary | undefined {
    const { initUri, uri } = info;
    const init = initUri === undefined ? undefined : this.#inits.get(initUri);
    if (isTransportStream(bytes)) return summarizeTs(bytes, init?.bytes, options, note);
    const isText = /\.(vtt|webvtt)([?#]|$)/i.test(uri) || (init?.bytes !== undefined && isWebVtt(init.bytes));
    if (isText || isWebVtt(bytes)) return checkWebVtt(bytes, init !== undefined, note);
    if (isPackedAudio(bytes)) return summarizePackedAudio(bytes, note);
    if (!isFragmentedMp4(bytes)) {
      note("media-unreadable", `${bytes.length} bytes of no known format`);
      return undefined;
    }
    if (initUri === undefined) note("fmp4-without-map", "no EXT-X-MAP");
    else if (!init) this.#noteUnchecked(rendition, uri, `segments of ${initUri}, which was not read`);
    return init?.section && summarizeFragments(bytes, init.section, options, note);
  }
}

/** A live stream has a new one with each change of its encoder; the oldest is forgotten. */
const MAX_INITS = 64;

/** A presentation has a few; the bound is against one that makes up names. */
const MAX_RENDITIONS = 256;

function isTransportStream(bytes: Uint8Array): boolean {
  return bytes[0] === SYNC_BYTE && (bytes.length <= PACKET_SIZE || bytes[PACKET_SIZE] === SYNC_BYTE);
}

/** By the type of the first box. */
function isFragmentedMp4(bytes: Uint8Array): boolean {
  return FIRST_BOXES.has(String.fromCharCode(...bytes.subarray(4, 8)));
}

const FIRST_BOXES: ReadonlySet<string> = new Set([
  ...["styp", "ftyp", "moov", "moof", "mdat", "sidx", "ssix", "emsg", "prft", "free", "skip", "uuid"],
]);
