import { expect, mock, test } from "bun:test";
import { join } from "node:path";
import type { OriginAnswer } from "../../src/hls/answer.ts";
import { hlsSchema } from "../../src/hls/config.ts";
import { HlsOrigin } from "../../src/hls/origin.ts";
import { HlsOutput } from "../../src/hls/output.ts";
import { Noise } from "../fuzz/random.ts";
import type { TimedEvent } from "./flv-source.ts";
import { type SyntheticStream, synthesize } from "./synthetic.ts";

/** What hls.js makes of a media playlist; the few members that are looked at. */
type Fragment = {
  readonly sn: number;
  readonly cc: number;
  readonly duration: number;
  readonly initSegment?: { readonly relurl?: string };
};
type Details = {
  readonly fragments: readonly (Fragment | null)[];
  readonly playlistParsingError: Error | null;
  readonly deltaUpdateFailed?: boolean;
  readonly advanced: boolean;
  readonly live: boolean;
  readonly skippedSegments: number;
  readonly lastPartSn: number;
  readonly lastPartIndex: number;
  readonly endSN: number;
  readonly targetduration: number;
  readonly partTarget: number;
  reloaded(before: Details): void;
};
type Parser = {
  parseLevelPlaylist(text: string, url: string, id: number, type: string, group: number, variables: null): Details;
};
type Merge = (before: Details, after: Details, logger: { warn(): void; log(): void }) => void;

/** hls.js's own sources, which its package contains; without what they import but is not needed here. */
async function loadHlsJs(): Promise<{ parser: Parser; mergeDetails: Merge }> {
  for (const name of ["EME_DRM", "VARIABLE_SUBSTITUTION", "IFRAMES", "SUBTITLES", "ALT_AUDIO"])
    Object.assign(globalThis, { [`__USE_${name}__`]: false });
  mock.module("url-toolkit", () => ({ buildAbsoluteURL: (_base: string, relative: string) => relative }));
  mock.module("eventemitter3", () => ({ EventEmitter: class {} }));
  const unused = () => undefined;
  mock.module("@svta/cml-id3", () => ({
    getId3Timestamp: unused,
    getId3Data: unused,
    getId3Frames: unused,
    decodeId3Frame: unused,
    isId3TimestampFrame: unused,
    canParseId3: unused,
    utf8ArrayToStr: unused,
  }));
  const sources = join(import.meta.dir, "../../node_modules/hls.js/src");
  const parser = (await import(join(sources, "loader/m3u8-parser.ts"))) as { default: Parser };
  const helper = (await import(join(sources, "utils/level-helper.ts"))) as { mergeDetails: Merge };
  return { parser: parser.default, mergeDetails: helper.mergeDetails };
}

const { parser, mergeDetails } = await loadHlsJs();
const QUIET = { warn: () => {}, log: () => {} };
const STREAM: SyntheticStream = { seconds: 60, fps: 30, gop: 60, audio: true, milliseconds: true };

/** A viewer in virtual time that asks for each part by a blocking reload with a delta update, as hls.js does. */
function watch(events: readonly TimedEvent[], from: number): { faults: string[]; updates: number; deltas: number } {
  const origin = new HlsOrigin();
  const output = new HlsOutput({
    path: "live/test",
    config: hlsSchema.parse({}),
    firstMsn: 7_200_000,
    wallclockAt: (at) => Date.UTC(2026, 0, 1) + at,
  });
  origin.add(output);
  let now = 0;
  let askAt = from;
  let query = "";
  let details: Details | undefined;
  let updates = 0;
  let deltas = 0;
  const faults: string[] = [];
  const ask = (asked: string, answer: (answer: OriginAnswer) => void) =>
    origin.request({ stream: "live/test", resource: "main.m3u8", query: asked }, now, answer);
  const parse = (answer: OriginAnswer): Details => {
    const { body } = answer;
    const text = body && "bytes" in body ? new TextDecoder().decode(body.bytes) : "";
    return parser.parseLevelPlaylist(text, "", 0, "main", 0, null);
  };
  const update = (answer: OriginAnswer) => {
    askAt = answer.status === 200 ? now : now + 500;
    if (answer.status !== 200) {
      if (answer.status !== 503) faults.push(`${now}: ${answer.status} ${answer.reason}`);
      return;
    }
    const next = parse(answer);
    updates++;
    if (next.skippedSegments > 0) deltas++;
    if (next.playlistParsingError) faults.push(`${now}: ${next.playlistParsingError.message.slice(0, 100)}`);
    if (details) {
      next.reloaded(details);
      mergeDetails(details, next, QUIET);
      if (next.playlistParsingError) faults.push(`${now} merge: ${next.playlistParsingError.message.slice(0, 100)}`);
      if (next.deltaUpdateFailed) faults.push(`${now}: the delta did not fit`);
      if (!next.advanced && next.live) faults.push(`${now}: answered early`);
      if (next.targetduration !== details.targetduration) faults.push(`${now}: another TARGETDURATION`);
      if (next.partTarget !== details.partTarget) faults.push(`${now}: another PART-TARGET`);
    }
    for (const fragment of next.fragments)
      if (fragment && Math.round(fragment.duration) > next.targetduration)
        faults.push(`${now}: ${fragment.duration} s`);
    ask("", (whole) => {
      for (const [i, fragment] of parse(whole).fragments.entries()) {
        const merged = next.fragments[i];
        const same =
          merged?.sn === fragment?.sn &&
          merged?.cc === fragment?.cc &&
          merged?.initSegment?.relurl === fragment?.initSegment?.relurl;
        if (!same) faults.push(`${now}: segment ${fragment?.sn} is taken for another`);
      }
    });
    details = next;
    if (!next.live) askAt = Number.POSITIVE_INFINITY;
    const isComplete = next.lastPartSn === next.endSN || next.lastPartIndex < 0;
    const wanted = isComplete ? [next.endSN + 1, 0] : [next.lastPartSn, next.lastPartIndex + 1];
    query = `_HLS_msn=${wanted[0]}&_HLS_part=${wanted[1]}&_HLS_skip=YES`;
  };
  for (const { at, event } of events) {
    for (;;) {
      const due = Math.min(askAt, origin.deadline ?? Number.POSITIVE_INFINITY);
      if (due > at) break;
      now = Math.max(now, due);
      if (askAt > now) origin.tick(now);
      else {
        askAt = Number.POSITIVE_INFINITY;
        ask(query, update);
      }
    }
    now = at;
    output.write(event, now);
  }
  return { faults, updates, deltas };
}

/** Publishers one after the other, with the breaks, changes and pauses of real ones. */
function publishers(noise: Noise): TimedEvent[] {
  const events: TimedEvent[] = [];
  let at = 0;
  let start = 10;
  for (let i = 0; i < 7; i++) {
    const seconds = i === 0 ? 20 + noise.fraction() : noise.pick([1, 3, 12, 20, 31]) + noise.fraction();
    const kinds: readonly Partial<SyntheticStream>[] = [
      {},
      { fps: 0 },
      { fps: 25, gop: 97 },
      { audio: false },
      { gop: 0 },
      { dropped: (frame) => frame > 40 && frame < 170 },
    ];
    const kind = noise.pick(kinds);
    const begin = at;
    for (const timed of synthesize({ ...STREAM, seconds, start, ...kind })) {
      at = begin + timed.at;
      events.push({ ...timed, at });
    }
    start += seconds + (noise.fraction() < 0.3 ? 0 : 22);
    if (noise.fraction() < 0.7) events.push({ at: ++at, event: { type: "gap", reason: "publisher-lost" } });
    at += noise.fraction() < 0.5 ? 2 : 10_000 * noise.fraction();
  }
  return events;
}

test("hls.js follows delta updates over publishers that come, go and change", () => {
  const noise = new Noise(1);
  let deltas = 0;
  for (let i = 0; i < 20; i++) {
    const watched = watch(publishers(noise), 2500 + noise.fraction() * 5000);
    expect(watched.faults).toEqual([]);
    expect(watched.updates).toBeGreaterThan(50);
    deltas += watched.deltas;
  }
  expect(deltas).toBeGreaterThan(500);
}, 30_000);
