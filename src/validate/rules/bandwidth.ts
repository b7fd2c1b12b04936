import type { CheckedRule } from "./checked-rule.ts";

/** Bit rates that a variant announces, and those measured over all that is played with it. */
export type BandwidthSubject = {
  readonly line: number;
  readonly bandwidth?: number;
  readonly averageBandwidth?: number;
  /** Sum of the peaks of the variant's playlist and of the largest member of each of its groups; bits per second. */
  readonly peak: number;
  readonly average: number;
  /** Seconds measured. */
  readonly measured: number;
  readonly live: boolean;
};

/** Apple's limits: a live stream's peak may be so much above, a recording's. */
const LIVE_PEAK = 1.25;
const RECORDED_PEAK = 1.1;
const AVERAGE = 1.1;
/** An average is an average from here on; seconds. */
const LONG_ENOUGH = 600;

export const BANDWIDTH_RULES: readonly CheckedRule<BandwidthSubject>[] = [
  {
    id: "bandwidth-exceeded",
    severity: "warning",
    clause: "RFC 8216bis 4.4.6.2, 4.4.6.2.1; Apple HLS authoring, multivariant playlist",
    text: "The peak bit rate is not above BANDWIDTH, by more than 25 % for live streams and 10 % for recordings; Apple's player warns and leaves the variant.",
    *check({ line, bandwidth, peak, live }) {
      if (bandwidth === undefined || peak <= bandwidth * (live ? LIVE_PEAK : RECORDED_PEAK)) return;
      yield { line, message: `BANDWIDTH is ${bandwidth}, the measured peak ${Math.round(peak)}` };
    },
  },
  {
    id: "average-bandwidth-exceeded",
    severity: "warning",
    clause: "RFC 8216bis 4.4.6.2; Apple HLS authoring, multivariant playlist",
    text: "The average bit rate, of a recording or over ten minutes at the least, is not more than 10 % above AVERAGE-BANDWIDTH.",
    *check({ line, averageBandwidth, average, live, measured }) {
      if (averageBandwidth === undefined || average <= averageBandwidth * AVERAGE) return;
      if (live && measured < LONG_ENOUGH) return;
      yield { line, message: `AVERAGE-BANDWIDTH is ${averageBandwidth}, the measured average ${Math.round(average)}` };
    },
  },
  {
    id: "bandwidth-overstated",
    severity: "info",
    clause: "Apple HLS authoring, multivariant playlist",
    text: "BANDWIDTH of a recording is within 10 % of its peak bit rate; with more, players choose a lower variant than they could.",
    *check({ line, bandwidth, peak, live }) {
      if (live || bandwidth === undefined || peak === 0 || bandwidth <= peak * RECORDED_PEAK) return;
      yield { line, message: `BANDWIDTH is ${bandwidth}, the measured peak ${Math.round(peak)}` };
    },
  },
];

/** A segment whose size is known. */
export type MeasuredSegment = {
  readonly msn: number;
  /** Seconds. */
  readonly duration: number;
  readonly bytes: number;
  /** EXT-X-BITRATE that applies to it; kilobits per second. */
  readonly bitrate?: number;
};

export const BITRATE_RULES: readonly CheckedRule<MeasuredSegment>[] = [
  {
    id: "bitrate-wrong",
    severity: "error",
    clause: "RFC 8216bis 4.4.4.8",
    text: "EXT-X-BITRATE is within 90 % and 110 % of the bit rate of each segment that it applies to.",
    *check({ msn, duration, bytes, bitrate }) {
      const kilobits = (bytes * 8) / duration / 1000;
      if (bitrate === undefined || duration === 0) return;
      // The tag is in whole kilobits.
      if (bitrate + 1 >= kilobits * 0.9 && bitrate - 1 <= kilobits * 1.1) return;
      yield { message: `segment ${msn} has ${Math.round(kilobits)} kbit/s, EXT-X-BITRATE says ${bitrate}` };
    },
  },
];

/** Of contiguous segments that last between 0.5 and 1.5 target durations and half a second (4.1); bits per second. */
export function peakBitRate(segments: readonly MeasuredSegment[], targetDuration: number): number {
  let peak = 0;
  for (let from = 0; from < segments.length; from++) {
    let [bytes, duration] = [0, 0];
    for (let to = from; to < segments.length; to++) {
      const segment = segments[to] as MeasuredSegment;
      if (segment.msn !== (segments[from] as MeasuredSegment).msn + to - from) break;
      bytes += segment.bytes;
      duration += segment.duration;
      if (duration > 1.5 * targetDuration + 0.5) break;
      if (duration >= 0.5 * targetDuration) peak = Math.max(peak, (bytes * 8) / duration);
    }
  }
  return peak;
}

/** Bits per second. */
export function averageBitRate(segments: readonly MeasuredSegment[]): number {
  let [bytes, duration] = [0, 0];
  for (const segment of segments) {
    bytes += segment.bytes;
    duration += segment.duration;
  }
  return duration > 0 ? (bytes * 8) / duration : 0;
}
