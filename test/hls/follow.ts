import { sameBytes } from "../../src/bytes/same-bytes.ts";
import type { MediaPlaylist, PlaylistSegment } from "../../src/formats/m3u8/media-playlist.ts";
import { decodeSamples } from "../../src/formats/mp4/samples.ts";
import { checkPlaylist } from "../../src/validate/check-playlist.ts";
import type { Finding } from "../../src/validate/finding.ts";
import { PlaylistHistory } from "../../src/validate/history/playlist-history.ts";
import { RULES } from "../../src/validate/rules/all.ts";
import { type Asked, type OriginBench, textOf } from "./origin-bench.ts";

export type FollowOptions = {
  /** Seconds. */
  readonly from: number;
  readonly to: number;
  /** Its name; the source without it. */
  readonly rendition?: string;
  /** Seconds between reloads. */
  readonly every?: number;
  /** Hints that may be broken: what was hinted when the media itself changed. */
  readonly brokenHints?: number;
  /** Seconds by which a new segment or part may be late, where the media came late. */
  readonly late?: number;
};

type Hint = { readonly uri: string; readonly at: number; readonly asked: Asked };

/** Parts may have their durations rounded to a few decimals. */
const ROUNDING = 0.002;
const SHORTEST_PART = 0.85;

/** Reloads a low-latency playlist over and over as players do, and tells every breach of what a live playlist must keep. */
export function follow(bench: OriginBench, options: FollowOptions): string[] {
  const { from, to, every = 0.2, brokenHints = 0, late = 0, rendition = "main" } = options;
  const faults: string[] = [];
  const seen = new Set<string>();
  const fault = (what: string) => {
    if (!seen.has(what)) faults.push(`${(bench.now / 1000).toFixed(1)} s: ${what}`);
    seen.add(what);
  };
  const hints = new Map<string, Hint>();
  const validator = new Validator(fault, late > 0);
  let before: MediaPlaylist | undefined;
  let grownAt = from;
  for (let at = from; at <= to; at += every) {
    const playlist = bench.run(at).playlist("", rendition);
    for (const what of checkAlone(playlist)) fault(what);
    if (before) for (const what of checkChange(before, playlist)) fault(what);
    if (!before || lastMsn(playlist) > lastMsn(before) || playlist.ended) grownAt = at;
    const limit = 1.5 * playlist.targetDuration + every + late;
    if (at - grownAt > limit) fault(`no new segment for ${(at - grownAt).toFixed(1)} s`);
    const { preloadHint } = playlist;
    if (preloadHint !== undefined && !hints.has(preloadHint)) {
      hints.set(preloadHint, { uri: preloadHint, at, asked: bench.ask(preloadHint) });
    }
    checkDelta(bench, rendition, playlist, fault);
    validator.check(textOf(bench.ask(`${rendition}.m3u8`).answer), bench.now);
    before = playlist;
  }
  const broken = [...hints.values()].filter(({ asked, at }) => asked.answer?.status !== 200 && at < to - 2);
  if (broken.length > brokenHints) {
    for (const { uri, at, asked } of broken)
      faults.push(`${at.toFixed(1)} s: the hint ${uri} was ${asked.answer?.status}`);
  }
  for (const { asked } of hints.values()) {
    if (asked.count > 1) faults.push("a hinted part was answered twice");
  }
  return faults;
}

const URL = "http://localhost/live/test/main.m3u8";
const SEVERE = new Set(RULES.filter(({ severity }) => severity !== "info").map(({ id }) => id));
/** What depends on when the media came. */
const ABOUT_TIME: ReadonlySet<string> = new Set(["part-late", "segment-late"]);

/** `naru validate` at each reload. */
class Validator {
  readonly #report: (finding: Finding) => void;
  readonly #history: PlaylistHistory;

  constructor(fault: (what: string) => void, late: boolean) {
    this.#report = ({ rule, message }) => {
      if (SEVERE.has(rule) && !(late && ABOUT_TIME.has(rule))) fault(`${rule}: ${message}`);
    };
    this.#history = new PlaylistHistory(URL, this.#report);
  }

  check(text: string, now: number): void {
    const checked = checkPlaylist(text, { url: URL }, this.#report);
    if (checked.kind !== "media") return;
    const { playlist } = checked;
    this.#history.observe({ playlist, channel: "plain", sentAt: now, arrivedAt: now, held: false, age: 0 });
  }
}

function lastMsn(playlist: MediaPlaylist): number {
  return playlist.mediaSequence + playlist.segments.filter((segment) => segment.uri !== undefined).length - 1;
}

function* checkAlone(playlist: MediaPlaylist): Generator<string> {
  const { partTarget = Number.POSITIVE_INFINITY } = playlist;
  for (const [index, segment] of playlist.segments.entries()) {
    const msn = playlist.mediaSequence + index;
    const { duration, parts } = segment;
    if (Math.round(duration) > playlist.targetDuration) yield `segment ${msn} lasts ${duration} s`;
    for (const [number, part] of parts.entries()) {
      if (part.duration > partTarget) yield `part ${msn}.${number} lasts ${part.duration} s`;
      const isLast =
        number === parts.length - 1 && (segment.uri !== undefined || index === playlist.segments.length - 1);
      if (part.duration < SHORTEST_PART * partTarget && !part.independent && !isLast) {
        yield `part ${msn}.${number} lasts only ${part.duration} s`;
      }
    }
    const sum = parts.reduce((total, part) => total + part.duration, 0);
    if (segment.uri !== undefined && parts.length > 0 && Math.abs(sum - duration) > ROUNDING) {
      yield `the parts of segment ${msn} last ${sum.toFixed(3)} s, it ${duration} s`;
    }
    const next = playlist.segments[index + 1];
    if (!next || segment.wallclock === undefined || next.wallclock === undefined) continue;
    const off = next.wallclock - segment.wallclock - duration * 1000;
    if (off < -1000) yield `the program date-time of segment ${msn + 1} goes back by ${-off} ms`;
    if (!next.discontinuity && Math.abs(off) > 200)
      yield `the program date-time of segment ${msn + 1} is off by ${off} ms`;
  }
}

function* checkChange(before: MediaPlaylist, after: MediaPlaylist): Generator<string> {
  for (const key of ["targetDuration", "partTarget", "version"] as const) {
    if (before[key] !== after[key]) yield `${key} changed from ${before[key]} to ${after[key]}`;
  }
  if (!Bun.deepEquals(before.serverControl, after.serverControl)) yield "EXT-X-SERVER-CONTROL changed";
  if (after.mediaSequence < before.mediaSequence) yield "the media sequence went back";
  if (before.ended && !after.ended) yield "it went on behind its end";
  const numbersBefore = discontinuityNumbers(before);
  const numbersAfter = discontinuityNumbers(after);
  for (const [msn, number] of numbersBefore) {
    const now = numbersAfter.get(msn);
    if (now !== undefined && now !== number)
      yield `the discontinuity number of ${msn} changed from ${number} to ${now}`;
  }
  for (const [index, old] of before.segments.entries()) {
    const msn = before.mediaSequence + index;
    const now = after.segments[msn - after.mediaSequence];
    if (now) for (const what of checkSegment(old, now)) yield `segment ${msn}: ${what}`;
    else if (msn >= after.mediaSequence && !after.ended) yield `segment ${msn} has gone`;
  }
}

function* checkSegment(old: PlaylistSegment, now: PlaylistSegment): Generator<string> {
  for (const key of ["discontinuity", "wallclock", "map"] as const) {
    if (old[key] !== now[key]) yield `${key} changed from ${old[key]} to ${now[key]}`;
  }
  if (old.uri !== undefined && (old.uri !== now.uri || old.duration !== now.duration)) yield "it changed";
  if (now.parts.length === 0) return;
  for (const [index, part] of old.parts.entries()) {
    if (!Bun.deepEquals(part, now.parts[index])) yield `part ${index} changed`;
  }
}

function discontinuityNumbers(playlist: MediaPlaylist): Map<number, number> {
  const numbers = new Map<number, number>();
  let number = playlist.discontinuitySequence;
  for (const [index, segment] of playlist.segments.entries()) {
    if (segment.discontinuity) number++;
    numbers.set(playlist.mediaSequence + index, number);
  }
  return numbers;
}

/** A delta update is the whole playlist but for what it skips. */
function checkDelta(bench: OriginBench, rendition: string, whole: MediaPlaylist, fault: (what: string) => void): void {
  const delta = bench.playlist("_HLS_skip=YES", rendition);
  const left = whole.segments.slice(delta.skipped);
  if (delta.segments.length !== left.length) fault("the delta update holds other segments");
  if (delta.mediaSequence !== whole.mediaSequence) fault("the delta update has another media sequence");
  if (delta.preloadHint !== whole.preloadHint) fault("the delta update has another hint");
}

/** What is wrong with the bytes of a playlist's segments and parts; CMAF. */
export function checkMedia(bench: OriginBench): string[] {
  const faults: string[] = [];
  const playlist = bench.playlist();
  const fetch = (uri: string) => {
    const body = bench.ask(uri).answer?.body;
    if (body instanceof Uint8Array) return body;
    faults.push(`${uri} cannot be had`);
    return new Uint8Array(0);
  };
  const ends = new Map<number, number>();
  for (const segment of playlist.segments) {
    if (segment.discontinuity) ends.clear();
    const parts = segment.parts.map((part) => {
      const bytes = fetch(part.uri);
      // Video comes first.
      const samples = decodeSamples(bytes).filter((sample, _, [first]) => sample.trackId === first?.trackId);
      const hasKey = samples.some(({ key }) => key);
      if (part.independent !== hasKey) faults.push(`${part.uri} says ${part.independent} of its keyframe`);
      return bytes;
    });
    if (segment.uri === undefined) continue;
    const whole = fetch(segment.uri);
    if (parts.length > 0 && !sameBytes(whole, new Uint8Array(Buffer.concat(parts))))
      faults.push(`${segment.uri} is not its parts`);
    for (const sample of decodeSamples(whole)) {
      const end = ends.get(sample.trackId);
      if (end !== undefined && end !== sample.dts)
        faults.push(`${segment.uri}: decode time ${sample.dts} after ${end}`);
      ends.set(sample.trackId, sample.dts + sample.duration);
    }
  }
  return [...new Set(faults)];
}
