import { fromAnnexB } from "../../codecs/nal-units.ts";
import { type DecodedTs, decodeTs, type TsFault, type TsPes } from "../../formats/mpegts/demuxer.ts";
import { TIME_MODULUS } from "../../formats/mpegts/packet.ts";
import type { PmtStream } from "../../formats/mpegts/psi.ts";
import type { Ticks } from "../../media/time.ts";
import type { VideoCodec } from "../../media/track.ts";
import { AudioFrames, type FramedAudio, joinBytes } from "./audio-frames.ts";
import { digestOf } from "./digest.ts";
import { displaySize, type SummaryOptions } from "./fmp4.ts";
import type { MediaRuleId, Note } from "./rules.ts";
import { type Counters, type FrameDigest, type MediaSummary, type TrackSummary, ticksBetween } from "./summary.ts";
import { VideoFrames } from "./video-frames.ts";

/**
 * Reads a transport stream segment and notes what is wrong inside it.
 * @param map the transport packets of an EXT-X-MAP, which stand before the segment
 * @throws MalformedError when it cannot be read
 */
export function summarizeTs(
  bytes: Uint8Array,
  map: Uint8Array | undefined,
  options: SummaryOptions,
  note: Note,
): MediaSummary {
  const stream = map ? joinBytes(map, bytes) : bytes;
  const ts = decodeTs(stream, new Map(), ({ kind, error }) => note(FAULT_RULES[kind], error.message));
  checkTables(ts, map !== undefined, note);
  if (ts.pmt.streams.length > 0) checkPcrs(ts, note);
  const frames: FrameDigest[] = [];
  const tracks: TrackSummary[] = [];
  for (const stream of ts.pmt.streams) {
    const { pid } = stream;
    const units = ts.pes.filter((unit) => unit.pid === pid && unit.pts !== undefined);
    const first = ts.pes.find((unit) => unit.pid === pid);
    if (first && first.pts === undefined) note("ts-pts", `the first PES packet of PID ${pid} has none`);
    if (units.length === 0) continue;
    const type = kindOf(stream);
    const track =
      type?.kind === "video"
        ? summarizeVideo(pid, type.codec, units, options, note)
        : summarizeOther(pid, type, units, options, note);
    tracks.push(track);
    if (!options.withFrames) continue;
    for (const { pts = 0, dts = 0, payload } of units) {
      frames.push({ track: pid, dts, pts, size: payload.length, hash: digestOf(payload).hash });
    }
  }
  const audio = tracks.filter(({ kind }) => kind === "audio");
  if (audio.length > 1) note("several-audio-tracks", `${audio.length} audio streams`);
  return { container: "mpegts", tracks, announced: announcedIn(ts), frames, counters: countersOf(ts) };
}

/** An entry of stream_type (ISO/IEC 13818-1 table 2-34, ATSC A/53, and what Apple gives encrypted streams). */
type StreamKind =
  | { readonly kind: "video"; readonly codec: VideoCodec }
  | { readonly kind: "audio"; readonly codec: string; readonly framed?: FramedAudio };

const STREAM_TYPES: ReadonlyMap<number, StreamKind> = new Map<number, StreamKind>([
  [0x1b, { kind: "video", codec: "h264" }],
  [0xdb, { kind: "video", codec: "h264" }],
  [0x24, { kind: "video", codec: "hevc" }],
  [0x0f, { kind: "audio", codec: "mp4a.40", framed: "adts" }],
  [0xcf, { kind: "audio", codec: "mp4a.40", framed: "adts" }],
  [0x03, { kind: "audio", codec: "mp4a.40.34" }],
  [0x04, { kind: "audio", codec: "mp4a.40.34" }],
  [0x81, { kind: "audio", codec: "ac-3", framed: "ac3" }],
  [0xc1, { kind: "audio", codec: "ac-3", framed: "ac3" }],
  [0x87, { kind: "audio", codec: "ec-3", framed: "ac3" }],
  [0xc2, { kind: "audio", codec: "ec-3", framed: "ac3" }],
]);

/** Private streams say by a registration_descriptor what they are (ISO/IEC 13818-1 2.6.8). */
const REGISTRATIONS: ReadonlyMap<string, StreamKind> = new Map<string, StreamKind>([
  ["Opus", { kind: "audio", codec: "opus" }],
  ["AC-3", { kind: "audio", codec: "ac-3", framed: "ac3" }],
  ["EAC3", { kind: "audio", codec: "ec-3", framed: "ac3" }],
]);
const PRIVATE_STREAM = 0x06;
const REGISTRATION_DESCRIPTOR = 0x05;

function kindOf({ streamType, descriptors }: PmtStream): StreamKind | undefined {
  if (streamType !== PRIVATE_STREAM) return STREAM_TYPES.get(streamType);
  for (let at = 0; at + 6 <= descriptors.length; at += 2 + (descriptors[at + 1] as number)) {
    if (descriptors[at] !== REGISTRATION_DESCRIPTOR) continue;
    return REGISTRATIONS.get(String.fromCharCode(...descriptors.subarray(at + 2, at + 6)));
  }
  return undefined;
}

/** PCR every 100 ms, with room for the jitter of packets; seconds. */
const MAX_PCR_INTERVAL = 0.11;
const TIMESCALE = 90_000;
const WRAP = { modulus: TIME_MODULUS };

function announcedIn({ pmt }: DecodedTs): string[] {
  return pmt.streams.flatMap((stream) => {
    const type = kindOf(stream);
    return type ? [`${stream.pid}: ${type.codec}`] : [];
  });
}

const FAULT_RULES = {
  continuity: "ts-continuity",
  section: "ts-section",
  tables: "ts-tables",
  pes: "ts-pes",
} as const satisfies Record<TsFault["kind"], MediaRuleId>;

function checkTables({ firstPat, firstPmt, programs, pmt }: DecodedTs, mapped: boolean, note: Note): void {
  if (programs > 1) note("ts-programs", `${programs} programs`);
  if (!mapped && pmt.streams.length > 0 && (firstPat !== 0 || firstPmt !== 1)) {
    note("ts-tables-first", `the first PAT is packet ${firstPat}, the first PMT packet ${firstPmt}`);
  }
  if (pmt.streams.some(({ streamType }) => streamType === 0x24)) note("hevc-outside-fmp4", "HEVC in MPEG-TS");
}

function checkPcrs({ pcrs, pmt, pes }: DecodedTs, note: Note): void {
  const own = pcrs.filter(({ pid }) => pid === pmt.pcrPid);
  const [first] = own;
  if (!first) {
    note("ts-pcr", `none on PID ${pmt.pcrPid}`);
    return;
  }
  let longest = 0;
  let before = first;
  for (const pcr of own) {
    longest = Math.max(longest, ticksBetween(WRAP, before.base, pcr.base));
    before = pcr;
  }
  if (longest > MAX_PCR_INTERVAL * TIMESCALE) note("ts-pcr-interval", `up to ${milliseconds(longest)}`);

  let at = 0;
  let latest = 0;
  for (const { packet, dts } of pes) {
    if (dts === undefined || packet < first.packet) continue;
    while (own[at + 1] && (own[at + 1]?.packet ?? 0) <= packet) at++;
    latest = Math.max(latest, ticksBetween(WRAP, dts, own[at]?.base ?? dts));
  }
  if (latest > 0) note("ts-pcr-order", `up to ${milliseconds(latest)} late`);
}

function milliseconds(ticks: Ticks): string {
  return `${Math.round(ticks / 90)} ms`;
}

function summarizeVideo(
  pid: number,
  codec: VideoCodec,
  units: readonly TsPes[],
  options: SummaryOptions,
  note: Note,
): TrackSummary {
  const reader = new VideoFrames(codec, 4, note, undefined, true);
  const keys: Ticks[] = [];
  let beginsWithKey = false;
  let keyWithoutSets = false;
  let unmarked = 0;
  let undelimited = 0;
  units.forEach(({ payload, dts = 0, randomAccess }, index) => {
    if (options.encrypted) {
      if (randomAccess) keys.push(dts);
      if (index === 0) beginsWithKey = randomAccess;
      return;
    }
    const frame = reader.read(fromAnnexB(payload));
    if (!frame.delimited) undelimited++;
    if (!frame.key) return;
    if (index === 0) beginsWithKey = true;
    if (keys.length === 0 && !frame.hasParameterSets) keyWithoutSets = true;
    if (!randomAccess) unmarked++;
    keys.push(dts);
  });
  if (keyWithoutSets) note("ts-parameter-sets", `not before the first keyframe of PID ${pid}`);
  if (unmarked > 0) note("ts-random-access", `not on ${unmarked} of ${keys.length} keyframes`);
  if (undelimited > 0 && codec === "h264") {
    note("ts-access-unit-delimiter", `not on ${undelimited} of ${units.length} access units`);
  }
  const { config } = reader;
  const span = spanOf(units);
  return {
    ...span,
    id: pid,
    kind: "video",
    codec: config?.codecString ?? (codec === "hevc" ? "hvc1" : "avc1"),
    ...guessedEnds(span, units.length),
    frames: units.length,
    bytes: bytesOf(units),
    keys,
    beginsWithKey,
    size: config && displaySize(config),
  };
}

function summarizeOther(
  pid: number,
  type: (StreamKind & { kind: "audio" }) | undefined,
  units: readonly TsPes[],
  options: SummaryOptions,
  note: Note,
): TrackSummary {
  const span = spanOf(units);
  const base = { ...span, id: pid, bytes: bytesOf(units), keys: [], beginsWithKey: false };
  if (!type?.framed || options.encrypted) {
    const kind = type ? "audio" : "other";
    const ends = guessedEnds(span, units.length);
    return { ...base, ...ends, kind, codec: type?.codec ?? "", frames: units.length };
  }
  const reader = new AudioFrames(type.framed);
  for (const unit of units) reader.read(unit.payload, unit.pts ?? 0, `PID ${pid}`, note);
  const fault = reader.finish();
  if (fault) note("ts-audio-frames", `PID ${pid}: ${fault}`);
  const end = reader.end ?? span.decodeLast;
  return {
    ...base,
    kind: "audio",
    codec: reader.codec ?? type.codec,
    decodeEnd: end,
    presentationEnd: end,
    exact: reader.end !== undefined,
    frames: reader.frames,
  };
}

type Span = Pick<TrackSummary, "timescale" | "modulus" | "decodeStart" | "decodeLast" | "presentationStart"> & {
  readonly presentationLast: Ticks;
};

function spanOf(units: readonly TsPes[]): Span {
  const decodeStart = units[0]?.dts ?? 0;
  let earliest = Number.POSITIVE_INFINITY;
  let latest = Number.NEGATIVE_INFINITY;
  for (const { pts = decodeStart } of units) {
    const offset = ticksBetween(WRAP, decodeStart, pts);
    earliest = Math.min(earliest, offset);
    latest = Math.max(latest, offset);
  }
  return {
    timescale: TIMESCALE,
    modulus: TIME_MODULUS,
    decodeStart,
    decodeLast: units[units.length - 1]?.dts ?? decodeStart,
    presentationStart: decodeStart + earliest,
    presentationLast: decodeStart + latest,
  };
}

/** The last frame as long as those before it, on average: the stream does not say. */
function guessedEnds(
  { decodeStart, decodeLast, presentationLast }: Span,
  count: number,
): Pick<TrackSummary, "decodeEnd" | "presentationEnd" | "exact"> {
  const frame = count > 1 ? ticksBetween(WRAP, decodeStart, decodeLast) / (count - 1) : 0;
  return { decodeEnd: decodeLast + frame, presentationEnd: presentationLast + frame, exact: false };
}

function bytesOf(units: readonly TsPes[]): number {
  return units.reduce((sum, { payload }) => sum + payload.length, 0);
}

function countersOf({ firstCounters, counters, pmt }: DecodedTs): ReadonlyMap<number, Counters> {
  const media = new Set(pmt.streams.map(({ pid }) => pid));
  const out = new Map<number, Counters>();
  for (const [pid, { counter, payload }] of firstCounters) {
    // A packet without a payload repeats the counter of the one before it.
    const first = payload ? counter : (counter + 1) & 15;
    out.set(pid, { first, last: counters.get(pid) ?? counter, kind: media.has(pid) ? "media" : "tables" });
  }
  return out;
}
