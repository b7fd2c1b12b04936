import { sameBytes } from "../../bytes/same-bytes.ts";
import { cacheDirective, type Exchange, freshnessOf } from "../exchange.ts";
import { type CheckedRule, quote } from "./checked-rule.ts";

/** An answer, with what the playlist says that bears on it. */
export type HttpSubject = {
  readonly exchange: Exchange;
  /** The request had _HLS_msn. */
  readonly blocking: boolean;
  /** Undefined where it is not known, as for a multivariant playlist. */
  readonly targetDuration: number | undefined;
  /** The playlist is still growing. */
  readonly live: boolean;
  readonly lowLatency: boolean;
};

const PLAYLIST_TYPES = ["application/vnd.apple.mpegurl", "audio/mpegurl"];
/** Also understood. */
const OLD_PLAYLIST_TYPES = ["application/x-mpegurl", "audio/x-mpegurl"];
const MEDIA_TYPES: Readonly<Record<string, readonly string[]>> = {
  "MPEG-TS": ["video/mp2t"],
  "fragmented MP4": [
    "video/mp4",
    "audio/mp4",
    "application/mp4",
    "video/iso.segment",
    "audio/iso.segment",
    "video/quicktime",
  ],
  WebVTT: ["text/vtt"],
  "packed audio": ["audio/aac", "audio/mpeg", "audio/ac3", "audio/eac3", "audio/aacp", "audio/mp4"],
};
/** A shorter one is sent in one packet anyway. */
const WORTH_GZIP = 1400;
/** B.1, in target durations. */
const CACHE_BLOCKING = 6;
const CACHE_PLAIN = 0.5;
const CACHE_MEDIA = 6;
const CACHE_FAILURE = 4;

export const HTTP_RULES: readonly CheckedRule<HttpSubject>[] = [
  {
    id: "playlist-unidentified",
    severity: "error",
    clause: "RFC 8216bis 4",
    text: "A playlist is known by a path that ends with .m3u8 or .m3u, or by its Content-Type.",
    *check({ exchange }) {
      if (exchange.kind !== "playlist" || exchange.status !== 200) return;
      const type = mediaType(exchange);
      if (/\.m3u8?$/i.test(new URL(exchange.finalUrl).pathname) || PLAYLIST_TYPES.includes(type)) return;
      yield { message: `Content-Type is ${quote(type)}` };
    },
  },
  {
    id: "playlist-type",
    severity: "warning",
    clause: "RFC 8216bis 4; Apple HLS authoring, delivery",
    text: "Content-Type of playlists is application/vnd.apple.mpegurl or audio/mpegurl.",
    *check({ exchange }) {
      if (exchange.kind !== "playlist" || exchange.status !== 200) return;
      const type = mediaType(exchange);
      if (!PLAYLIST_TYPES.includes(type) && !OLD_PLAYLIST_TYPES.includes(type)) yield { message: quote(type) };
    },
  },
  {
    id: "playlist-type-old",
    severity: "info",
    clause: "RFC 8216bis 4",
    text: "application/x-mpegurl is not the registered name of the type.",
    *check({ exchange }) {
      if (exchange.kind === "playlist" && OLD_PLAYLIST_TYPES.includes(mediaType(exchange))) {
        yield { message: quote(mediaType(exchange)) };
      }
    },
  },
  {
    id: "playlist-not-compressed",
    severity: "warning",
    clause: "RFC 8216bis 6.2.1, B.1; Apple HLS authoring, delivery",
    text: "Playlists are sent with gzip to those who accept it.",
    *check({ exchange }) {
      const { kind, status, headers, body, requestHeaders } = exchange;
      if (kind !== "playlist" || status !== 200 || body.length < WORTH_GZIP) return;
      if (!requestHeaders["accept-encoding"]?.includes("gzip") || headers["content-encoding"]) return;
      yield { message: `${body.length} bytes were sent as they are` };
    },
  },
  {
    id: "vary-missing",
    severity: "warning",
    clause: "RFC 9110 12.5.5",
    text: "What is sent with gzip to some has Vary: Accept-Encoding, or caches send it to all.",
    *check({ exchange: { headers, status } }) {
      if (status !== 200 || !headers["content-encoding"]) return;
      if (!/accept-encoding|\*/i.test(headers.vary ?? "")) yield { message: `Vary is ${quote(headers.vary ?? "")}` };
    },
  },
  {
    id: "media-compressed",
    severity: "error",
    clause: "RFC 9110 12.5.3; players",
    text: "Media is sent without a content coding, which was not asked for; Chromium fails on it.",
    *check({ exchange: { kind, headers, status } }) {
      if (kind === "playlist" || kind === "key" || (status !== 200 && status !== 206)) return;
      const coding = headers["content-encoding"];
      if (coding && coding !== "identity") yield { message: `Content-Encoding is ${coding}` };
    },
  },
  {
    id: "media-type",
    severity: "warning",
    clause: "Apple HLS authoring, delivery",
    text: "Content-Type of media says what it is: video/mp4, video/iso.segment, audio/mp4, video/mp2t, audio/aac, text/vtt.",
    *check({ exchange }) {
      const format = exchange.kind === "playlist" || exchange.kind === "key" ? undefined : formatOf(exchange.body);
      if (exchange.status !== 200 || format === undefined) return;
      const type = mediaType(exchange);
      if (!MEDIA_TYPES[format]?.includes(type)) yield { message: `${quote(type)} for ${format}` };
    },
  },
  {
    id: "media-missing",
    severity: "error",
    clause: "RFC 8216bis 6.2.1",
    text: "What a playlist lists can be had at once.",
    *check({ exchange: { kind, status } }) {
      if (kind !== "playlist" && status >= 400) yield { message: `${kind}: ${status}` };
    },
  },
  {
    id: "media-empty",
    severity: "error",
    clause: "RFC 8216bis 3",
    text: "Segments, parts and initialization sections have content.",
    *check({ exchange: { kind, status, body } }) {
      if (kind !== "playlist" && kind !== "key" && status === 200 && body.length === 0)
        yield { message: `${kind} of 0 bytes` };
    },
  },
  {
    id: "cross-origin-refused",
    severity: "warning",
    clause: "players",
    text: "Access-Control-Allow-Origin lets pages of other sites play; hls.js and Shaka Player need it.",
    *check({ exchange }) {
      const { headers, requestHeaders, status, kind } = exchange;
      const origin = requestHeaders.origin;
      if (origin === undefined || (status !== 200 && status !== 206)) return;
      const allowed = headers["access-control-allow-origin"];
      if (allowed !== "*" && allowed !== origin)
        yield { message: `${kind}: ${allowed ? quote(allowed) : "there is none"}` };
    },
  },
  {
    id: "age-not-exposed",
    severity: "info",
    clause: "RFC 8216bis C; players",
    text: "A cache's Age is exposed to pages of other sites, which find out by it how old a playlist is.",
    *check({ exchange: { headers, kind } }) {
      if (kind !== "playlist" || headers.age === undefined) return;
      if (!/\bage\b|\*/i.test(headers["access-control-expose-headers"] ?? "")) yield { message: "it is not" };
    },
  },
  {
    id: "live-playlist-cached-long",
    severity: "warning",
    clause: "RFC 8216bis B.1",
    text: "Plain requests for a live playlist are not cached for longer than the target duration; half of it is recommended.",
    *check(subject) {
      const { exchange, blocking, live, targetDuration } = subject;
      if (exchange.kind !== "playlist" || !live || blocking || targetDuration === undefined || exchange.status !== 200)
        return;
      const fresh = freshnessOf(exchange);
      // One second is the least that can be said.
      if (fresh !== undefined && fresh > Math.max(1, targetDuration))
        yield { message: `it may be kept for ${fresh} s` };
    },
  },
  {
    id: "live-playlist-cache-control",
    severity: "info",
    clause: "RFC 8216bis B.1",
    text: "Plain requests for a live low-latency playlist are cached for half the target duration.",
    *check({ exchange, blocking, live, lowLatency, targetDuration }) {
      if (exchange.kind !== "playlist" || !live || !lowLatency || blocking || targetDuration === undefined) return;
      if (exchange.status !== 200) return;
      const fresh = freshnessOf(exchange);
      if (fresh === undefined) yield { message: "Cache-Control does not say" };
      else if (fresh > Math.max(1, Math.ceil(CACHE_PLAIN * targetDuration)) && fresh <= targetDuration) {
        yield { message: `it may be kept for ${fresh} s` };
      }
    },
  },
  {
    id: "blocking-playlist-uncacheable",
    severity: "warning",
    clause: "RFC 8216bis B.1",
    text: "Answers to blocking requests may be cached, or a cache in front cannot collapse those of all viewers into one.",
    *check({ exchange, blocking, live }) {
      if (exchange.kind !== "playlist" || !blocking || !live || exchange.status !== 200) return;
      if (freshnessOf(exchange) === 0)
        yield { message: `Cache-Control is ${quote(exchange.headers["cache-control"] ?? "")}` };
    },
  },
  {
    id: "blocking-playlist-cache-control",
    severity: "info",
    clause: "RFC 8216bis B.1",
    text: "Answers to blocking requests are cached for six target durations.",
    *check({ exchange, blocking, live, targetDuration = 0 }) {
      if (exchange.kind !== "playlist" || !blocking || !live || exchange.status !== 200) return;
      const fresh = freshnessOf(exchange);
      if (fresh === undefined) yield { message: "Cache-Control does not say" };
      else if (fresh > 0 && fresh < CACHE_BLOCKING * targetDuration)
        yield { message: `they may be kept for ${fresh} s` };
    },
  },
  {
    id: "media-uncacheable",
    severity: "warning",
    clause: "RFC 8216bis B.1",
    text: "Segments and parts may be cached.",
    *check({ exchange, lowLatency }) {
      const { kind, status } = exchange;
      if ((kind !== "segment" && kind !== "part") || status !== 200 || !lowLatency) return;
      const forbidden = ["no-store", "no-cache", "private"].filter(
        (name) => cacheDirective(exchange, name) !== undefined,
      );
      if (forbidden.length > 0) yield { message: `${kind}: Cache-Control has ${forbidden.join(", ")}` };
    },
  },
  {
    id: "media-cache-control",
    severity: "info",
    clause: "RFC 8216bis B.1",
    text: "Segments and parts of a low-latency stream are cached for six target durations.",
    *check({ exchange, targetDuration = 0, lowLatency }) {
      const { kind, status } = exchange;
      if ((kind !== "segment" && kind !== "part") || status !== 200 || !lowLatency) return;
      const fresh = freshnessOf(exchange);
      if (fresh === undefined) yield { message: `${kind}: Cache-Control does not say` };
      else if (fresh > 0 && fresh < CACHE_MEDIA * targetDuration)
        yield { message: `${kind}: they may be kept for ${fresh} s` };
    },
  },
  {
    id: "failure-cached-long",
    severity: "warning",
    clause: "RFC 8216bis B.1",
    text: "That something is not there is not cached for longer than four target durations.",
    *check({ exchange, targetDuration = 6, live }) {
      if (exchange.status < 400 || !live) return;
      const fresh = freshnessOf(exchange);
      if (fresh !== undefined && fresh > CACHE_FAILURE * targetDuration) {
        yield { message: `${exchange.status} may be kept for ${fresh} s` };
      }
    },
  },
  {
    id: "content-length-wrong",
    severity: "error",
    clause: "RFC 9110 8.6",
    text: "Content-Length is the length of the body.",
    *check({ exchange: { headers, wireLength, status, kind } }) {
      const said = headers["content-length"];
      if (status === 200 && said !== undefined && Number(said) !== wireLength) {
        yield { message: `${kind}: ${said} is said, ${wireLength} bytes came` };
      }
    },
  },
];

/** A request with a range, or with a condition, against the whole resource. */
export type ConditionalSubject = {
  readonly exchange: Exchange;
  /** The whole body. */
  readonly whole: Uint8Array;
  /** Asked for in Range; `end` is the last byte. */
  readonly range?: { readonly start: number; readonly end: number };
  /** The validator that was sent is of another version than the present one. */
  readonly outdated?: boolean;
  /** The playlist has byte ranges, which are of no use then. */
  readonly rangesNeeded?: boolean;
};

export const CONDITIONAL_RULES: readonly CheckedRule<ConditionalSubject>[] = [
  {
    id: "range-wrong",
    severity: "error",
    clause: "RFC 9110 14.4, 15.3.7",
    text: "A 206 holds the bytes that were asked for, and its Content-Range says which.",
    *check({ exchange: { status, headers, body, requestHeaders }, whole, range }) {
      if (!range || status !== 206) return;
      const expected = `bytes ${range.start}-${range.end}/${whole.length}`;
      const said = headers["content-range"] ?? "";
      if (said !== expected && said !== `bytes ${range.start}-${range.end}/*`) {
        yield { message: `${requestHeaders.range}: Content-Range is ${quote(said)}, not ${quote(expected)}` };
      }
      if (!sameBytes(body, whole.subarray(range.start, range.end + 1))) {
        yield { message: `${requestHeaders.range}: ${body.length} bytes came that are not those` };
      }
    },
  },
  {
    id: "range-ignored",
    severity: "info",
    clause: "RFC 9110 14.2",
    text: "Ranges of media are served.",
    *check({ exchange: { status }, range, rangesNeeded }) {
      if (range && status === 200 && !rangesNeeded) yield { message: "the whole came" };
    },
  },
  {
    id: "range-unsupported",
    severity: "error",
    clause: "RFC 8216bis B.1, 4.4.4.2",
    text: "Where a playlist has byte ranges, the server serves them.",
    *check({ exchange: { status }, range, rangesNeeded }) {
      if (range && rangesNeeded && status !== 206) yield { message: `${status}` };
    },
  },
  {
    id: "not-modified-wrong",
    severity: "error",
    clause: "RFC 9110 13.1.2",
    text: "If-None-Match with the ETag of an older version is not answered with 304.",
    *check({ exchange: { status, requestHeaders }, outdated }) {
      if (outdated && status === 304) yield { message: `304 for ${requestHeaders["if-none-match"]}` };
    },
  },
  {
    id: "not-modified-body",
    severity: "error",
    clause: "RFC 9110 15.4.5",
    text: "A 304 has no body.",
    *check({ exchange: { status, wireLength } }) {
      if (status === 304 && wireLength > 0) yield { message: `${wireLength} bytes` };
    },
  },
  {
    id: "not-modified-unused",
    severity: "info",
    clause: "RFC 9110 13.1.2",
    text: "If-None-Match with the present ETag is answered with 304.",
    *check({ exchange: { status, requestHeaders, body }, outdated, whole }) {
      if (outdated !== false || requestHeaders["if-none-match"] === undefined || status !== 200) return;
      if (sameBytes(body, whole)) yield { message: "the whole came again" };
    },
  },
];

function mediaType({ headers }: Exchange): string {
  return (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

const BOXES = ["ftyp", "styp", "moof", "sidx", "prft", "emsg", "moov"];

/** What media is, by its first bytes. */
function formatOf(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0x47 && (bytes.length < 189 || bytes[188] === 0x47)) return "MPEG-TS";
  const text = String.fromCharCode(...bytes.subarray(0, 12));
  if (BOXES.includes(text.slice(4, 8))) return "fragmented MP4";
  if (text.replace("\u00ef\u00bb\u00bf", "").startsWith("WEBVTT")) return "WebVTT";
  if (text.startsWith("ID3")) return "packed audio";
  return undefined;
}
