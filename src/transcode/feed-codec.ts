import { MalformedError } from "../bytes/errors.ts";
import type { ByteReader } from "../bytes/reader.ts";
import type { ByteWriter } from "../bytes/writer.ts";
import type { FeedEvent } from "../hls/rung-feed.ts";
import { readJson, tracksSchema, writeJson } from "./json-values.ts";

const KINDS = ["begin", "tracks", "packet", "open", "part", "segment", "break", "end"] as const;
const FORMATS = ["cmaf", "mpegts"] as const;

/** One event of a feed, to the end of the message. */
export function writeFeedEvent(out: ByteWriter, event: FeedEvent): void {
  out.u8(KINDS.indexOf(event.type));
  switch (event.type) {
    case "begin": {
      const { format, lowLatency, timeOffset, maxAudioDelay } = event.start;
      out.u8(FORMATS.indexOf(format)).u8(Number(lowLatency)).f64(timeOffset).f64(maxAudioDelay);
      return;
    }
    case "tracks":
      out.u8(Number(event.separateAudio));
      writeJson(out, event.tracks);
      return;
    case "packet":
      out.u32(event.track).f64(event.dts).f64(event.pts).f64(event.duration).u8(Number(event.key)).bytes(event.data);
      return;
    case "open":
      out.u64(event.msn).f64(event.wallclock).u8(Number(event.discontinuity)).u64(event.discontinuitySequence);
      out.f64(event.timescale).f64(event.start);
      return;
    case "part":
      out.u64(event.msn).u32(event.part).f64(event.start).f64(event.end).u8(Number(event.lastExpected));
      return;
    case "segment":
      out.u64(event.msn).f64(event.end);
      return;
    case "break":
    case "end":
      return;
    default:
      event satisfies never;
  }
}

export function readFeedEvent(input: ByteReader): FeedEvent {
  const kind = KINDS[input.u8()];
  switch (kind) {
    case "begin": {
      const format = FORMATS[input.u8()];
      if (!format) throw new MalformedError("unknown format of a feed", input.offset);
      const lowLatency = readFlag(input);
      return {
        type: kind,
        start: { format, lowLatency, timeOffset: readNumber(input), maxAudioDelay: readNumber(input) },
      };
    }
    case "tracks":
      return { type: kind, separateAudio: readFlag(input), tracks: readJson(input, tracksSchema) };
    case "packet":
      return {
        type: kind,
        track: input.u32(),
        dts: readNumber(input),
        pts: readNumber(input),
        duration: readNumber(input),
        key: readFlag(input),
        data: input.rest(),
      };
    case "open":
      return {
        type: kind,
        msn: input.u64(),
        wallclock: readNumber(input),
        discontinuity: readFlag(input),
        discontinuitySequence: input.u64(),
        timescale: readNumber(input),
        start: readNumber(input),
      };
    case "part":
      return {
        type: kind,
        msn: input.u64(),
        part: input.u32(),
        start: readNumber(input),
        end: readNumber(input),
        lastExpected: readFlag(input),
      };
    case "segment":
      return { type: kind, msn: input.u64(), end: readNumber(input) };
    case "break":
    case "end":
      return { type: kind };
    case undefined:
      throw new MalformedError("unknown kind of a feed's event", input.offset);
    default:
      return kind satisfies never;
  }
}

/** Finite: what is reckoned with must not become NaN. */
export function readNumber(input: ByteReader): number {
  const { offset } = input;
  const value = input.f64();
  if (!Number.isFinite(value)) throw new MalformedError("not a number", offset);
  return value;
}

export function readFlag(input: ByteReader): boolean {
  return input.u8() !== 0;
}
