import type { Exchange } from "../exchange.ts";
import type { SegmentInfo } from "../finding.ts";
import type {
  ByteRange,
  FoundMediaPlaylist,
  ListedKey,
  ListedMap,
  ListedPart,
  ListedSegment,
  OpenSegment,
  Resource,
} from "../playlist/media-playlist.ts";
import { BITRATE_RULES, type MeasuredSegment } from "../rules/bandwidth.ts";
import { applyRules } from "../rules/checked-rule.ts";
import { CONDITIONAL_RULES } from "../rules/http.ts";
import type { Session } from "./session.ts";

/** What the multivariant playlist says of what is read. */
export type RenditionAbout = Pick<SegmentInfo, "codecs" | "resolution" | "frameRate">;

type Item =
  | { readonly kind: "segment"; readonly segment: ListedSegment; readonly playlist: FoundMediaPlaylist }
  | {
      readonly kind: "part";
      readonly segment: ListedSegment | OpenSegment;
      readonly part: ListedPart;
      readonly index: number;
      readonly playlist: FoundMediaPlaylist;
    };

export type MediaReaderOptions = {
  readonly session: Session;
  readonly rendition: string;
  readonly about: RenditionAbout;
  /** EXT-X-INDEPENDENT-SEGMENTS of the multivariant playlist. */
  readonly independentSegments: boolean;
  /** Loads the playlist once more: what is not there may have left it meanwhile. */
  readonly reload: () => Promise<FoundMediaPlaylist | undefined>;
  /** A part has been read. */
  readonly onPart: (part: ListedPart, bytes: Uint8Array) => void;
};

/** How many complete segments before the live edge are read when it begins. */
const SEGMENTS_BEFORE = 2;
/** Farther behind than this, what is in between is passed over. */
const MAX_WAITING = 60;
/** Sizes are kept of so many segments. */
const MAX_MEASURED = 20_000;
/** A short transfer says nothing of the speed. */
const WORTH_TIMING_MS = 1000;

/** Reads what a playlist lists, in its order, one after the other, and hands it on to the checks of media. */
export class MediaReader {
  readonly #options: MediaReaderOptions;
  readonly #session: Session;
  readonly #waiting: Item[] = [];
  readonly #inits = new Map<string, Promise<void>>();
  readonly measured: MeasuredSegment[] = [];
  /** The next segment, and the next part of it. */
  #next: { msn: number; part: number } | undefined;
  #wake = () => {};
  #done = false;
  #rangeTried = false;

  constructor(options: MediaReaderOptions) {
    this.#options = options;
    this.#session = options.session;
  }

  /** Takes note of what is new. @param playlist a whole one */
  update(playlist: FoundMediaPlaylist): void {
    if (!this.#next || this.#next.msn < playlist.mediaSequence) this.#next = { msn: this.#firstMsn(playlist), part: 0 };
    const next = this.#next;
    for (const segment of playlist.segments) {
      if (segment.msn < next.msn) continue;
      if (segment.msn > next.msn) next.part = 0;
      next.msn = segment.msn;
      this.#addParts(segment, playlist);
      this.#waiting.push({ kind: "segment", segment, playlist });
      next.msn++;
      next.part = 0;
    }
    if (playlist.open && playlist.open.msn >= next.msn) {
      if (playlist.open.msn > next.msn) Object.assign(next, { msn: playlist.open.msn, part: 0 });
      this.#addParts(playlist.open, playlist);
    }
    if (this.#waiting.length > MAX_WAITING && !playlist.ended) this.#passOver();
    this.#wake();
  }

  /** Nothing more will be listed. */
  finish(): void {
    this.#done = true;
    this.#wake();
  }

  /** What is waiting is not there any more. */
  clear(): void {
    this.#waiting.length = 0;
  }

  /** Reads until it is finished and nothing waits, or time is up. */
  async run(): Promise<void> {
    while (!this.#session.over) {
      const item = this.#waiting.shift();
      if (item) await this.#read(item);
      else if (this.#done) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          this.#session.signal.addEventListener("abort", () => resolve(), { once: true });
        });
      }
    }
  }

  #firstMsn(playlist: FoundMediaPlaylist): number {
    const first = playlist.mediaSequence + playlist.skipped;
    if (playlist.ended) return first;
    return Math.max(first, first + playlist.segments.length - SEGMENTS_BEFORE);
  }

  #addParts(segment: ListedSegment | OpenSegment, playlist: FoundMediaPlaylist): void {
    const next = this.#next as { msn: number; part: number };
    for (let index = next.part; index < segment.parts.length; index++) {
      const part = segment.parts[index] as ListedPart;
      this.#waiting.push({ kind: "part", segment, part, index, playlist });
    }
    next.part = Math.max(next.part, segment.parts.length);
  }

  #passOver(): void {
    const over = this.#waiting.splice(0, this.#waiting.length - MAX_WAITING / 2);
    const message = `reading fell behind: ${over.length} segments and parts were passed over`;
    this.#session.note("not-checked", this.#options.rendition, message);
  }

  async #read(item: Item): Promise<void> {
    const { segment, playlist } = item;
    if (item.kind === "segment" && playlist.ended && this.#isLeftOut(item.segment, playlist)) return;
    const info = this.#info(segment, playlist, item.kind === "part" ? item.part : item.segment);
    if (item.kind === "segment" && item.segment.gap) {
      this.#session.media.segment(info, new Uint8Array(0));
      return;
    }
    if (item.kind === "part" && item.part.gap) return;
    const resource: Resource = item.kind === "part" ? item.part : item.segment;
    if (segment.map) await this.#readInit(segment.map, playlist);
    const exchange = await this.#fetch(item.kind, resource, playlist);
    if (!exchange) return;
    const { decryption, media } = this.#session;
    if (item.kind === "part") {
      this.#options.onPart(item.part, exchange.body);
      // How a part of a segment that is encrypted as a whole is decrypted is not defined.
      const wholeEncrypted = segment.keys.some(({ method }) => method === "AES-128");
      if (wholeEncrypted) return;
      const encryption = segment.keys[0]?.method;
      const partInfo = {
        ...info,
        part: item.index,
        duration: item.part.duration,
        independentClaimed: item.part.independent,
      };
      media.part({ ...partInfo, ...(encryption && { encryption }) }, exchange.body);
      return;
    }
    this.#measure(item.segment, exchange.body.length, info.uri);
    const { bytes, encryption } = await decryption.decrypt(exchange.body, segment.keys, segment.msn, info.uri);
    media.segment({ ...info, ...(encryption && { encryption }) }, bytes);
    if (!this.#rangeTried && !resource.range && exchange.body.length > 64) {
      this.#rangeTried = true;
      await this.#tryRange(exchange);
    }
  }

  #isLeftOut({ msn }: ListedSegment, { mediaSequence }: FoundMediaPlaylist): boolean {
    return (msn - mediaSequence) % this.#session.sampleEvery !== 0;
  }

  #measure({ msn, duration, bitrate }: ListedSegment, bytes: number, uri: string): void {
    const measured = { msn, duration, bytes, ...(bitrate !== undefined && { bitrate }) };
    if (this.measured.length < MAX_MEASURED) this.measured.push(measured);
    applyRules(BITRATE_RULES, measured, uri, this.#session.report);
  }

  #info(segment: ListedSegment | OpenSegment, playlist: FoundMediaPlaylist, resource: Resource): SegmentInfo {
    return {
      rendition: this.#options.rendition,
      uri: nameOf(resource),
      msn: segment.msn,
      duration: "duration" in segment ? segment.duration : 0,
      discontinuity: segment.discontinuity,
      discontinuitySequence: segment.discontinuitySequence,
      independentClaimed: playlist.independentSegments || this.#options.independentSegments,
      targetDuration: playlist.targetDuration,
      gap: segment.gap,
      ...(segment.date !== undefined && { programDateTime: segment.date }),
      ...(segment.map && { initUri: nameOf(segment.map) }),
      ...this.#options.about,
    };
  }

  /** Reads an EXT-X-MAP once. */
  #readInit(map: ListedMap, playlist: FoundMediaPlaylist): Promise<void> {
    const name = nameOf(map);
    let reading = this.#inits.get(name);
    if (!reading) {
      if (this.#inits.size > 256) this.#inits.clear();
      this.#inits.set(name, (reading = this.#fetchInit(map, name, playlist)));
    }
    return reading;
  }

  async #fetchInit(map: ListedMap, name: string, playlist: FoundMediaPlaylist): Promise<void> {
    const exchange = await this.#fetch("init", map, playlist);
    if (!exchange) return;
    const keys: readonly ListedKey[] = map.keys.filter(({ iv, method }) => method === "AES-128" && iv !== undefined);
    const { bytes } = await this.#session.decryption.decrypt(exchange.body, keys, 0, name);
    this.#session.media.init(this.#options.rendition, name, bytes);
  }

  /** Undefined where nothing can be checked; what is wrong has been said then. */
  async #fetch(
    kind: "segment" | "part" | "init",
    resource: Resource,
    playlist: FoundMediaPlaylist,
  ): Promise<Exchange | undefined> {
    const { url, range } = resource;
    if (url === undefined) return undefined;
    const headers: Record<string, string> = {};
    if (range) headers.range = `bytes=${range.offset}-${range.offset + range.length - 1}`;
    const { fetcher, signal } = this.#session;
    const get = () => fetcher.get(kind, url, { headers, signal });
    let exchange = await get();
    if (exchange.error === "aborted") return undefined;
    if (exchange.status >= 400 && !(await this.#isStillListed(resource, kind))) return undefined;
    // It may have been asked for a moment too early, of another server of several.
    if (exchange.status >= 500) exchange = await get();
    if (exchange.error === "timeout") this.#session.note("request-unanswered", url, `${kind}: ${exchange.errorText}`);
    if (exchange.error) return undefined;
    this.#session.judge(exchange, { playlist });
    if (range) {
      if (exchange.status === 200)
        exchange = { ...exchange, body: exchange.body.slice(range.offset, range.offset + range.length) };
      this.#checkRange(exchange, range);
    }
    this.#checkSpeed(kind, exchange, playlist);
    return exchange.status === 200 || exchange.status === 206 ? exchange : undefined;
  }

  async #isStillListed(resource: Resource, kind: "segment" | "part" | "init"): Promise<boolean> {
    const now = await this.#options.reload();
    if (!now) return false;
    const same = ({ url, range }: Resource) => url === resource.url && range?.offset === resource.range?.offset;
    const segments = [...now.segments, ...(now.open ? [now.open] : [])];
    if (kind === "init") return segments.some(({ map }) => map && same(map));
    if (kind === "part") return segments.some(({ parts }) => parts.some(same));
    return now.segments.some(same);
  }

  #checkRange(exchange: Exchange, range: ByteRange): void {
    if (exchange.status !== 206 || exchange.body.length === range.length) return;
    const message = `${exchange.body.length} bytes came of the ${range.length} in the range`;
    this.#session.report({ rule: "range-wrong", where: exchange.url, message });
  }

  #checkSpeed(kind: string, { sentAt, doneAt, url }: Exchange, playlist: FoundMediaPlaylist): void {
    const took = doneAt - sentAt;
    const limit = kind === "part" ? playlist.partTarget : playlist.targetDuration;
    if (limit === undefined || took < Math.max(limit * 1000, WORTH_TIMING_MS)) return;
    this.#session.note("media-slow", url, `${kind}: ${(took / 1000).toFixed(1)} s`);
  }

  /** The first segment, once more, a part of it and under a condition. */
  async #tryRange(whole: Exchange): Promise<void> {
    const { url, body, headers } = whole;
    const range = { start: 16, end: Math.min(63, body.length - 1) };
    const { fetcher, signal, report } = this.#session;
    const ranged = await fetcher.get("segment", url, {
      headers: { range: `bytes=${range.start}-${range.end}` },
      signal,
    });
    if (!ranged.error) applyRules(CONDITIONAL_RULES, { exchange: ranged, whole: body, range }, url, report);
    if (headers.etag === undefined) return;
    const again = await fetcher.get("segment", url, { headers: { "if-none-match": headers.etag }, signal });
    if (!again.error) applyRules(CONDITIONAL_RULES, { exchange: again, whole: body, outdated: false }, url, report);
  }
}

/** URL with the range, if it is one. */
function nameOf({ url, uri, range }: Resource): string {
  return `${url ?? uri}${range ? `#${range.offset}+${range.length}` : ""}`;
}
