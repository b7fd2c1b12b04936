import { type PlaylistDocument, type PlaylistLine, tagsNamed } from "./document.ts";
import type {
  ByteRange,
  FoundMediaPlaylist,
  ListedDateRange,
  ListedHint,
  ListedKey,
  ListedMap,
  ListedPart,
  ListedReport,
  ListedSegment,
  ListedServerControl,
  Resource,
} from "./media-playlist.ts";
import { readSubstituted, substitute, type Variables } from "./variables.ts";

/** Makes of a document what it says, as far as it says anything. */
export function readMediaPlaylist(document: PlaylistDocument, url: string, variables: Variables): FoundMediaPlaylist {
  return new Reader(document, url, variables.values).read();
}

/** What applies to the next segment. */
type Pending = {
  duration: number;
  discontinuity: boolean;
  gap: boolean;
  dateTime: number | undefined;
  byteRange: string | undefined;
  parts: ListedPart[];
  /** Anything of it was seen. */
  any: boolean;
};

class Reader {
  readonly #document: PlaylistDocument;
  readonly #url: string;
  readonly #variables: ReadonlyMap<string, string>;
  readonly #segments: ListedSegment[] = [];
  readonly #hints: ListedHint[] = [];
  readonly #reports: ListedReport[] = [];
  readonly #dateRanges: ListedDateRange[] = [];
  #keys: readonly ListedKey[] = [];
  #map: ListedMap | undefined;
  #bitrate: number | undefined;
  #pending = newPending();
  #discontinuities = 0;
  #date: number | undefined;

  constructor(document: PlaylistDocument, url: string, variables: ReadonlyMap<string, string>) {
    this.#document = document;
    this.#url = url;
    this.#variables = variables;
  }

  read(): FoundMediaPlaylist {
    const integer = (tag: string): number => toInteger(this.#first(tag)?.value);
    const mediaSequenceLine = this.#first("EXT-X-MEDIA-SEQUENCE")?.number;
    const discontinuitySequenceLine = this.#first("EXT-X-DISCONTINUITY-SEQUENCE")?.number;
    const mediaSequence = integer("EXT-X-MEDIA-SEQUENCE") || 0;
    const discontinuitySequence = integer("EXT-X-DISCONTINUITY-SEQUENCE") || 0;
    const skip = this.#attributes(this.#first("EXT-X-SKIP"));
    const skipped = toInteger(skip?.get("SKIPPED-SEGMENTS")?.value) || 0;
    const removed = skip?.get("RECENTLY-REMOVED-DATERANGES")?.value;
    const start = this.#first("EXT-X-START");
    const version = integer("EXT-X-VERSION");
    for (const line of this.#document.lines) this.#readLine(line, mediaSequence + skipped, discontinuitySequence);
    const pending = this.#pending;
    const msn = mediaSequence + skipped + this.#segments.length;
    return {
      url: this.#url,
      version: Number.isNaN(version) ? undefined : version,
      targetDuration: integer("EXT-X-TARGETDURATION"),
      partTarget: toOptional(this.#attributes(this.#first("EXT-X-PART-INF"))?.get("PART-TARGET")?.value),
      serverControl: this.#serverControl(),
      mediaSequence,
      mediaSequenceLine,
      discontinuitySequence,
      discontinuitySequenceLine,
      type: this.#first("EXT-X-PLAYLIST-TYPE")?.value,
      iFramesOnly: this.#first("EXT-X-I-FRAMES-ONLY") !== undefined,
      independentSegments: this.#first("EXT-X-INDEPENDENT-SEGMENTS") !== undefined,
      start: start && {
        timeOffset: toNumber(this.#attributes(start)?.get("TIME-OFFSET")?.value),
        line: start.number,
      },
      skipped,
      recentlyRemovedDateRanges: removed === undefined ? undefined : removed.split("\t").filter((id) => id !== ""),
      segments: this.#segments,
      open: pending.any ? this.#open(pending, msn, discontinuitySequence) : undefined,
      hints: this.#hints,
      reports: this.#reports,
      dateRanges: this.#dateRanges,
      ended: this.#first("EXT-X-ENDLIST") !== undefined,
    };
  }

  #open(pending: Pending, msn: number, discontinuitySequence: number) {
    return {
      msn,
      discontinuitySequence: discontinuitySequence + this.#discontinuities,
      discontinuity: pending.discontinuity,
      gap: pending.gap,
      dateTime: pending.dateTime,
      date: pending.dateTime ?? (pending.discontinuity ? undefined : this.#date),
      map: this.#map,
      keys: this.#keys,
      bitrate: this.#bitrate,
      parts: pending.parts,
    };
  }

  #readLine(line: PlaylistLine, firstMsn: number, discontinuitySequence: number): void {
    if (line.kind === "uri") this.#endSegment(line, firstMsn, discontinuitySequence);
    else if (line.kind === "tag") this.#readTag(line);
  }

  #endSegment(line: PlaylistLine, firstMsn: number, discontinuitySequence: number): void {
    const pending = this.#pending;
    const date = pending.dateTime ?? (pending.discontinuity ? undefined : this.#date);
    const resource = this.#resource(line.text.trim(), line.number);
    const before = this.#segments.at(-1);
    this.#segments.push({
      ...resource,
      range: toRange(pending.byteRange, before?.url === resource.url ? before?.range : undefined),
      msn: firstMsn + this.#segments.length,
      discontinuitySequence: discontinuitySequence + this.#discontinuities,
      duration: pending.duration,
      discontinuity: pending.discontinuity,
      gap: pending.gap,
      dateTime: pending.dateTime,
      date,
      map: this.#map,
      keys: this.#keys,
      bitrate: pending.byteRange === undefined ? this.#bitrate : undefined,
      parts: pending.parts,
    });
    this.#date = date === undefined || Number.isNaN(pending.duration) ? undefined : date + pending.duration * 1000;
    this.#pending = newPending();
  }

  #readTag(line: PlaylistLine): void {
    const pending = this.#pending;
    switch (line.tag) {
      case "EXTINF":
        pending.duration = toNumber(line.value?.split(",", 1)[0]);
        break;
      case "EXT-X-DISCONTINUITY":
        pending.discontinuity = true;
        this.#discontinuities++;
        break;
      case "EXT-X-GAP":
        pending.gap = true;
        break;
      case "EXT-X-BYTERANGE":
        pending.byteRange = line.value;
        break;
      case "EXT-X-PROGRAM-DATE-TIME":
        pending.dateTime = toDate(line.value);
        break;
      case "EXT-X-PART":
        pending.parts.push(this.#part(line));
        break;
      case "EXT-X-BITRATE":
        this.#bitrate = toOptional(line.value);
        return;
      case "EXT-X-KEY":
        this.#readKey(line);
        return;
      case "EXT-X-MAP": {
        const attributes = this.#attributes(line);
        const uri = attributes?.get("URI")?.value ?? "";
        const range = toRange(attributes?.get("BYTERANGE")?.value, undefined);
        this.#map = { ...this.#resource(uri, line.number), range, keys: this.#keys };
        return;
      }
      default:
        this.#readMetadata(line);
        return;
    }
    pending.any = true;
  }

  #readMetadata(line: PlaylistLine): void {
    const attributes = this.#attributes(line);
    const uri = attributes?.get("URI")?.value ?? "";
    if (line.tag === "EXT-X-PRELOAD-HINT") {
      this.#hints.push({
        ...this.#resource(uri, line.number),
        type: attributes?.get("TYPE")?.value ?? "",
        start: toOptional(attributes?.get("BYTERANGE-START")?.value),
        length: toOptional(attributes?.get("BYTERANGE-LENGTH")?.value),
      });
    } else if (line.tag === "EXT-X-RENDITION-REPORT") {
      this.#reports.push({
        ...this.#resource(uri, line.number),
        lastMsn: toOptional(attributes?.get("LAST-MSN")?.value),
        lastPart: toOptional(attributes?.get("LAST-PART")?.value),
      });
    } else if (line.tag === "EXT-X-DATERANGE" && attributes) {
      this.#dateRanges.push({ id: attributes.get("ID")?.value ?? "", line: line.number, attributes });
    }
  }

  /** A key replaces those of its format; NONE replaces all (4.4.4.4). */
  #readKey(line: PlaylistLine): void {
    const attributes = this.#attributes(line);
    const method = attributes?.get("METHOD")?.value ?? "";
    const uri = attributes?.get("URI")?.value;
    const key: ListedKey = {
      method,
      url: uri === undefined ? undefined : this.#resource(uri, line.number).url,
      iv: attributes?.get("IV")?.value,
      format: attributes?.get("KEYFORMAT")?.value ?? "identity",
      line: line.number,
    };
    this.#keys = method === "NONE" ? [] : [...this.#keys.filter(({ format }) => format !== key.format), key];
  }

  #part(line: PlaylistLine): ListedPart {
    const attributes = this.#attributes(line);
    const resource = this.#resource(attributes?.get("URI")?.value ?? "", line.number);
    const before = this.#pending.parts.at(-1);
    return {
      ...resource,
      range: toRange(attributes?.get("BYTERANGE")?.value, before?.url === resource.url ? before?.range : undefined),
      duration: toNumber(attributes?.get("DURATION")?.value),
      independent: attributes?.get("INDEPENDENT")?.value === "YES",
      gap: attributes?.get("GAP")?.value === "YES",
    };
  }

  #serverControl(): ListedServerControl | undefined {
    const line = this.#first("EXT-X-SERVER-CONTROL");
    const attributes = this.#attributes(line);
    if (!line || !attributes) return undefined;
    const seconds = (name: string) => toOptional(attributes.get(name)?.value);
    return {
      line: line.number,
      canBlockReload: attributes.get("CAN-BLOCK-RELOAD")?.value === "YES",
      canSkipUntil: seconds("CAN-SKIP-UNTIL"),
      canSkipDateRanges: attributes.get("CAN-SKIP-DATERANGES")?.value === "YES",
      holdBack: seconds("HOLD-BACK"),
      partHoldBack: seconds("PART-HOLD-BACK"),
      text: [...attributes.values()]
        .map(({ name, value }) => `${name}=${value}`)
        .sort()
        .join(","),
    };
  }

  #resource(written: string, line: number): Resource {
    const uri = substitute(written, this.#variables);
    return { uri, url: URL.parse(uri, this.#url)?.href, line };
  }

  #first(tag: string): PlaylistLine | undefined {
    return tagsNamed(this.#document, tag)[0];
  }

  #attributes(line: PlaylistLine | undefined) {
    return line && readSubstituted(line.value, this.#variables).byName;
  }
}

function newPending(): Pending {
  return {
    duration: Number.NaN,
    discontinuity: false,
    gap: false,
    dateTime: undefined,
    byteRange: undefined,
    parts: [],
    any: false,
  };
}

/** `n[@o]`; without an offset it begins where the range before ends. */
function toRange(text: string | undefined, before: ByteRange | undefined): ByteRange | undefined {
  const match = /^(\d{1,15})(?:@(\d{1,15}))?$/.exec(text ?? "");
  if (!match) return undefined;
  const offset = match[2] === undefined ? (before ? before.offset + before.length : 0) : Number(match[2]);
  return { offset, length: Number(match[1]) };
}

/** ISO 8601; UTC where no zone is given (4.4.4.6). */
export function toDate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const zoned = /(?:Z|[+-]\d\d(?::?\d\d)?)$/i.test(text) ? text : `${text}Z`;
  // Date knows +01:00, not +0100 and +01.
  const time = Date.parse(zoned.replace(/([+-]\d\d)(\d\d)$/, "$1:$2").replace(/([+-]\d\d)$/, "$1:00"));
  return Number.isNaN(time) ? undefined : time;
}

function toNumber(text: string | undefined): number {
  return text !== undefined && /^-?\d+(?:\.\d*)?$/.test(text) ? Number(text) : Number.NaN;
}

function toInteger(text: string | undefined): number {
  return text !== undefined && /^\d{1,20}$/.test(text) ? Number(text) : Number.NaN;
}

function toOptional(text: string | undefined): number | undefined {
  const value = toNumber(text);
  return Number.isNaN(value) ? undefined : value;
}
