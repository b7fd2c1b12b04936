import { describe, expect, test } from "bun:test";
import type { Exchange } from "../exchange.ts";
import { applyRules } from "./checked-rule.ts";
import { HINT_RULES, type HintSubject } from "./hint.ts";
import { CONDITIONAL_RULES, type ConditionalSubject, HTTP_RULES, type HttpSubject } from "./http.ts";

const text = (value: string) => new TextEncoder().encode(value);
const LONG = text(`#EXTM3U\n${"#\n".repeat(1000)}`);
const TS = new Uint8Array(376).map((_, index) => (index % 188 === 0 ? 0x47 : 1));

type Shape = Partial<Omit<Exchange, "headers">> & { readonly headers?: Record<string, string | undefined> };

function exchange({ headers = {}, requestHeaders = {}, ...shape }: Shape): Exchange {
  const body = shape.body ?? TS;
  const kind = shape.kind ?? "segment";
  const url = kind === "playlist" ? "http://example.com/main.m3u8" : "http://example.com/1.ts";
  const usual: Record<string, string | undefined> = {
    "content-type": kind === "playlist" ? "application/vnd.apple.mpegurl" : "video/mp2t",
    "access-control-allow-origin": "*",
    "cache-control": kind === "playlist" ? "max-age=1" : "max-age=3600",
    ...headers,
  };
  return {
    kind,
    url,
    finalUrl: url,
    requestHeaders: { origin: "https://player.example", "accept-encoding": "gzip", ...requestHeaders },
    status: 200,
    body,
    wireLength: body.length,
    sentAt: 0,
    headersAt: 10,
    firstByteAt: 10,
    doneAt: 20,
    ...shape,
    headers: Object.fromEntries(
      Object.entries(usual).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  };
}

type HttpShape = Shape & Partial<Omit<HttpSubject, "exchange">>;

function subject({
  blocking = false,
  targetDuration = 2,
  live = true,
  lowLatency = true,
  ...shape
}: HttpShape): HttpSubject {
  return { exchange: exchange(shape), blocking, targetDuration, live, lowLatency };
}

const gzipped = { "content-encoding": "gzip", vary: "Accept-Encoding" };
const playlist = (shape: HttpShape) =>
  subject({ kind: "playlist", body: LONG, ...shape, headers: { ...gzipped, ...shape.headers } });

const SAMPLES: readonly (readonly [rule: string, subject: HttpSubject, also?: readonly string[]])[] = [
  [
    "playlist-unidentified",
    playlist({ finalUrl: "http://example.com/live", headers: { "content-type": "text/plain" } }),
    ["playlist-type"],
  ],
  ["playlist-type", playlist({ headers: { "content-type": "text/plain" } })],
  ["playlist-type-old", playlist({ headers: { "content-type": "application/x-mpegURL" } })],
  ["playlist-not-compressed", playlist({ headers: { "content-encoding": undefined } })],
  ["vary-missing", playlist({ headers: { vary: undefined } })],
  ["media-compressed", subject({ headers: gzipped })],
  ["media-type", subject({ headers: { "content-type": "video/mp4" } })],
  [
    "media-type",
    subject({ body: text("\0\0\0\u0018styp....."), headers: { "content-type": "application/octet-stream" } }),
  ],
  ["media-missing", subject({ status: 404, headers: { "cache-control": "no-store" } })],
  ["media-empty", subject({ body: new Uint8Array(0) })],
  ["cross-origin-refused", subject({ headers: { "access-control-allow-origin": undefined } })],
  ["cross-origin-refused", subject({ headers: { "access-control-allow-origin": "https://other.example" } })],
  ["age-not-exposed", playlist({ headers: { age: "1" } })],
  ["live-playlist-cached-long", playlist({ headers: { "cache-control": "max-age=10" } })],
  ["live-playlist-cache-control", playlist({ headers: { "cache-control": "max-age=2" } })],
  ["live-playlist-cache-control", playlist({ headers: { "cache-control": undefined } })],
  ["blocking-playlist-uncacheable", playlist({ blocking: true, headers: { "cache-control": "no-cache" } })],
  ["blocking-playlist-cache-control", playlist({ blocking: true, headers: { "cache-control": "max-age=2" } })],
  ["media-uncacheable", subject({ headers: { "cache-control": "no-store" } })],
  ["media-cache-control", subject({ headers: { "cache-control": "max-age=3" } })],
  ["failure-cached-long", playlist({ status: 404, headers: { "cache-control": "max-age=60" } })],
  ["content-length-wrong", subject({ headers: { "content-length": "400" } })],
];

const whole = TS;
const ranged = (shape: Shape): ConditionalSubject => ({
  exchange: exchange({
    status: 206,
    requestHeaders: { range: "bytes=16-63" },
    body: TS.slice(16, 64),
    headers: { "content-range": "bytes 16-63/376" },
    ...shape,
  }),
  whole,
  range: { start: 16, end: 63 },
});
const conditional = (shape: Shape, outdated: boolean): ConditionalSubject => ({
  exchange: exchange({ requestHeaders: { "if-none-match": '"1"' }, ...shape }),
  whole,
  outdated,
});

const CONDITIONALS: readonly (readonly [rule: string, subject: ConditionalSubject])[] = [
  ["range-wrong", ranged({ headers: { "content-range": "bytes 16-64/376" } })],
  ["range-wrong", ranged({ body: TS.slice(180, 228) })],
  ["range-ignored", ranged({ status: 200, body: TS })],
  ["range-unsupported", { ...ranged({ status: 200, body: TS }), rangesNeeded: true }],
  ["not-modified-wrong", conditional({ status: 304, body: new Uint8Array(0) }, true)],
  ["not-modified-body", conditional({ status: 304 }, false)],
  ["not-modified-unused", conditional({}, false)],
];

const hint = (shape: Shape, part = TS): HintSubject => ({
  exchange: exchange({ kind: "part", ...shape }),
  duration: 0.5,
  part,
});

const HINTS: readonly (readonly [rule: string, subject: HintSubject])[] = [
  ["hint-not-held", hint({ status: 404 })],
  ["hint-differs", hint({ body: TS.slice(1) })],
  ["hint-trickles", hint({ wireLength: 50_000, firstByteAt: 100, doneAt: 600 })],
];

function rulesIn<Subject>(rules: Parameters<typeof applyRules<Subject>>[0], one: Subject): string[] {
  const found = new Set<string>();
  applyRules(rules, one, "http://example.com/", ({ rule }) => found.add(rule));
  return [...found].sort();
}

describe("answers", () => {
  test.each(SAMPLES)("%s", (rule, one, also = []) => {
    expect(rulesIn(HTTP_RULES, one)).toEqual([rule, ...also].sort());
  });

  test.each(CONDITIONALS)("%s", (rule, one) => {
    expect(rulesIn(CONDITIONAL_RULES, one)).toEqual([rule]);
  });

  test.each(HINTS)("%s", (rule, one) => {
    expect(rulesIn(HINT_RULES, one)).toEqual([rule]);
  });

  test.each<[string, HttpSubject]>([
    ["a playlist", playlist({})],
    [
      "a short one that is not compressed",
      playlist({ body: text("#EXTM3U\n"), headers: { "content-encoding": undefined, vary: undefined } }),
    ],
    [
      "an answer to a blocking request",
      playlist({ blocking: true, headers: { "cache-control": "public, max-age=12" } }),
    ],
    ["a recording that may be kept for long", playlist({ live: false, headers: { "cache-control": "max-age=86400" } })],
    ["a segment", subject({})],
    [
      "fragmented MP4",
      subject({
        body: text("\0\0\0\u0018moof....."),
        headers: { "content-type": "video/iso.segment; charset=binary" },
      }),
    ],
    [
      "media of ordinary latency that is not cached",
      subject({ lowLatency: false, headers: { "cache-control": "no-cache" } }),
    ],
    ["an origin that is named", subject({ headers: { "access-control-allow-origin": "https://player.example" } })],
    ["a playlist that is not there", playlist({ status: 404, headers: { "cache-control": "max-age=1" } })],
    ["an exposed Age", playlist({ headers: { age: "1", "access-control-expose-headers": "Date, Age" } })],
  ])("%s: nothing is found", (_name, one) => {
    expect(rulesIn(HTTP_RULES, one)).toEqual([]);
  });

  test("ranges, conditions and hints as they should be: nothing is found", () => {
    expect(rulesIn(CONDITIONAL_RULES, ranged({}))).toEqual([]);
    expect(rulesIn(CONDITIONAL_RULES, conditional({ status: 304, body: new Uint8Array(0) }, false))).toEqual([]);
    expect(rulesIn(CONDITIONAL_RULES, conditional({ body: LONG }, true))).toEqual([]);
    expect(rulesIn(HINT_RULES, hint({}))).toEqual([]);
  });

  test("each rule has a sample", () => {
    const samples = [...SAMPLES, ...CONDITIONALS, ...HINTS].map(([rule]) => rule);
    const rules = [...HTTP_RULES, ...CONDITIONAL_RULES, ...HINT_RULES].map(({ id }) => id);
    expect(samples).toEqual(expect.arrayContaining(rules));
  });
});
