import { decodeSamples, type FragmentSample } from "../../src/formats/mp4/samples.ts";
import { hlsSchema } from "../../src/hls/config.ts";
import { CmafPackager } from "../../src/hls/packager.ts";
import type { RenditionEvent } from "../../src/hls/rendition.ts";
import { PlaylistTargets } from "../../src/hls/targets.ts";
import type { MediaEvent } from "../../src/media/event.ts";
import type { TimedEvent } from "./flv-source.ts";

export type PackagedPart = {
  readonly msn: number;
  readonly part: number;
  readonly duration: number;
  readonly independent: boolean;
  readonly lastExpected: boolean;
  /** When it was handed over, and when the last video frame in it (audio, without video) had come; milliseconds. */
  readonly at: number;
  readonly samples: readonly FragmentSample[];
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
};

export type PackagedSegment = RenditionEvent & { readonly type: "segment" };

export type Packaged = {
  readonly events: readonly RenditionEvent[];
  readonly parts: readonly PackagedPart[];
  readonly segments: readonly PackagedSegment[];
  readonly targets: PlaylistTargets;
  /** All samples of a track, in order. */
  samples(trackId: number): FragmentSample[];
};

export const WALLCLOCK_AT_START = Date.UTC(2026, 0, 1);

/** Runs events through a CMAF packager in virtual time. */
export function packageEvents(
  input: readonly TimedEvent[],
  options: {
    readonly part?: number;
    readonly segment?: number;
    readonly maxSegment?: number;
    readonly fixAt?: number;
    readonly epoch?: number;
  } = {},
): Packaged {
  const config = hlsSchema.parse({});
  const targets = new PlaylistTargets({
    partMs: options.part ?? config.part,
    segmentMs: options.segment ?? config.segment,
    maxSegmentMs: options.maxSegment ?? config.maxSegment,
  });
  let now = 0;
  const events: RenditionEvent[] = [];
  const parts: PackagedPart[] = [];
  const segments: PackagedSegment[] = [];
  let longest = 0;
  const packager = new CmafPackager(
    { targets, lowLatency: true, firstMsn: 1000, wallclockAt: (at) => WALLCLOCK_AT_START + at, epoch: options.epoch },
    (event) => {
      events.push(event);
      if (event.type === "part") parts.push({ ...event, at: now, samples: decodeSamples(event.bytes), isLast: false });
      if (event.type === "segment") {
        segments.push(event);
        longest = Math.max(longest, event.duration);
        const last = parts.pop();
        if (last) parts.push({ ...last, isLast: true });
      }
    },
  );
  const write = (event: MediaEvent, at: number) => {
    now = at;
    if (options.fixAt !== undefined && at >= options.fixAt) targets.fix(longest);
    packager.write(event, at);
  };
  for (const { at, event } of input) write(event, at);
  write({ type: "end" }, now);
  const samples = (trackId: number) =>
    parts.flatMap((part) => part.samples.filter((sample) => sample.trackId === trackId));
  return { events, parts, segments, targets, samples };
}
