import { cmafNames } from "../hls/names.ts";
import type { RenditionView } from "../hls/rendition-view.ts";
import type { WindowSegment } from "../hls/stored-segment.ts";
import type { Millis } from "../media/time.ts";
import {
  type AdaptationSet,
  formatMpd,
  type Mpd,
  type Period,
  type Representation,
  type SegmentTemplate,
  toDateTime,
} from "./mpd.ts";
import { PACE_TIMESCALE } from "./pace.ts";
import { numberedTemplate, parseTimed, SegmentNumbers, timedTemplate } from "./segment-names.ts";
import { DashTimeline, type SegmentPlace, type TimelinePeriod } from "./timeline.ts";

export type ManifestOptions = {
  /** From which presentation times count (MPD@availabilityStartTime). */
  readonly epoch: Millis;
  /** How much of the past is listed. */
  readonly windowMs: Millis;
  readonly names: ManifestNames;
  /** Where players find the time; without, the manifest says it. */
  readonly clock?: Mpd["clock"] | "none";
};

/** Names of media as the manifest has them. */
export type ManifestNames = {
  /** @param number of the initialization section */
  init(view: RenditionView, number: number): string;
  /** Of segments, with `$Time$` in it. */
  media(view: RenditionView): string;
  /** Of segments that may be read while they are made, with `$Number$` in it; without, only complete ones are told of. */
  growing?(view: RenditionView): string;
};

/**
 * Those by which `resolve` and the HLS origin know them.
 * @param prefix stands before each
 * @param lowLatency whether segments may be read while they are made
 */
export function servedNames(prefix: string, lowLatency: boolean): ManifestNames {
  const growing = ({ name }: RenditionView) => numberedTemplate(prefix, name);
  return {
    ...(lowLatency && { growing }),
    init: ({ name }, number) => cmafNames(prefix + name).init(number),
    media: ({ name }) => timedTemplate(prefix, name),
  };
}

/** What of a stream its manifest is made of. */
export type Presented = {
  /** The lead first. */
  readonly renditions: readonly RenditionView[];
};

/** Segments that players stay behind the live edge by. */
const DELAY_SEGMENTS = 3;
/** The same in low latency, in parts; and what it is at the least, in seconds. */
const DELAY_PARTS = 5;
const MIN_DELAY = 2;
/** Of that: nearer players shall not come, and farther than so much they shall not fall. */
const NEAREST = 0.5;
const FARTHEST = 3;
/** Players read more often than that. */
const FORGOTTEN: Millis = 60_000;
/** How often players of low latency look whether segments still come as foretold; seconds. */
const MAX_UPDATE_PERIOD = 1;

/** The manifest of one stream, and what of it must stay as it was told. */
export class DashManifest {
  readonly #options: ManifestOptions;
  readonly #timeline: DashTimeline;
  readonly #numbers = new SegmentNumbers();
  #version = -1;
  #publishTime: Millis = 0;
  #readAt: Millis | undefined;

  constructor(options: ManifestOptions) {
    this.#options = options;
    this.#timeline = new DashTimeline(options.epoch, options.names.growing !== undefined);
  }

  /** Looks at what has come; to be called at least as often as segments are complete. @param wallclock now */
  update({ renditions }: Presented, wallclock: Millis): void {
    this.#timeline.update(renditions, wallclock);
  }

  /** By which name the HLS origin knows a segment that the manifest has named; undefined for what it has not. */
  resolve(resource: string): string | undefined {
    const timed = parseTimed(resource);
    const msn = timed && this.#numbers.get(timed.rendition, timed.time);
    return timed && msn !== undefined ? cmafNames(timed.rendition).segment(msn) : undefined;
  }

  /** Where a segment lies on its timeline; undefined for what cannot be read. */
  placeOf(view: RenditionView, segment: WindowSegment): SegmentPlace | undefined {
    return this.#timeline.placeOf(view, segment);
  }

  /** Seconds that an answer may be kept by others: it says the time. */
  maxAge({ renditions }: Presented): number {
    if (this.#isPaced) return 0;
    return Math.floor((renditions[0]?.window.targets.segment ?? 0) / 2);
  }

  /** Undefined before there is anything to play. @param wallclock now */
  format(presented: Presented, wallclock: Millis): string | undefined {
    // One period that begins long ago is what FFmpeg needs.
    if (this.#isPaced && wallclock - (this.#readAt ?? wallclock) > FORGOTTEN) this.#timeline.forget();
    this.#readAt = wallclock;
    this.update(presented, wallclock);
    const { renditions } = presented;
    const lead = renditions[0]?.window;
    const { periods } = this.#timeline;
    if (!lead || lead.segments.length === 0 || periods.length === 0) return undefined;
    const complete = renditions.reduce((sum, { window }) => sum + (window.lastMsn ?? 0), 0);
    const version = complete + periods.length + (lead.ended ? 0.5 : 0);
    if (version !== this.#version) {
      this.#version = version;
      this.#publishTime = wallclock;
    }
    const target = Math.max(...lead.segments.map(({ duration }) => duration));
    const { clock } = this.#options;
    const usual = lead.targets.segment;
    this.#numbers.prune(lead.segments[0]?.msn ?? 0);
    const depth = this.#options.windowMs / 1000;
    const latency = this.#isPaced ? latencyOf(lead) : undefined;
    const described = periods.map((period, index) => this.#period(period, periods[index + 1], renditions));
    const mpd: Mpd = {
      availabilityStartTime: this.#timeline.epoch,
      publishTime: this.#publishTime,
      clock: clock === "none" ? undefined : (clock ?? { scheme: "direct", value: toDateTime(wallclock) }),
      minimumUpdatePeriod: lead.ended ? undefined : latency ? Math.min(usual, MAX_UPDATE_PERIOD) : usual,
      mediaPresentationDuration: lead.ended ? this.#timeline.end : undefined,
      timeShiftBufferDepth: this.#isPaced ? Math.min(depth, heldBy(lead)) : depth,
      minBufferTime: latency?.min ?? usual,
      maxSegmentDuration: target,
      suggestedPresentationDelay: latency?.target ?? DELAY_SEGMENTS * usual,
      latency,
      periods: described.filter(({ sets }) => sets.length > 0),
    };
    return formatMpd(mpd);
  }

  /** Whether the segments that come now are foretold. */
  get #isPaced(): boolean {
    const { periods } = this.#timeline;
    return periods[periods.length - 1]?.pace !== undefined;
  }

  #period(period: TimelinePeriod, next: TimelinePeriod | undefined, renditions: readonly RenditionView[]): Period {
    const { start } = period;
    const length = next && next.mediaStart - period.mediaStart;
    const isShorter = next !== undefined && length !== undefined && next.start - start > length + 0.001;
    return {
      id: String(period.startNumber),
      start,
      duration: isShorter ? length : undefined,
      sets: this.#sets(period, next?.firstMsn ?? Number.POSITIVE_INFINITY, renditions),
    };
  }

  #sets(period: TimelinePeriod, until: number, renditions: readonly RenditionView[]): AdaptationSet[] {
    const there = renditions.filter(({ name }) => period.renditions.includes(name));
    const groups = Map.groupBy(there, (view) => (view.kind === "video" ? `video ${codecOf(view)}` : view.name));
    const sets: AdaptationSet[] = [];
    const begun = new Set<string>();
    for (const views of groups.values()) {
      const representations = views.flatMap((view) => this.#representation(period, until, view) ?? []);
      const [first] = views;
      if (!first || representations.length === 0) continue;
      const { kind, language, label } = first;
      const isMain = !begun.has(kind);
      const reference = this.#referenceOf(period);
      sets.push({ id: sets.length, kind, language, label, isMain, reference, representations });
      begun.add(kind);
    }
    return sets;
  }

  /** Presentation times are the wall clock's where segments are foretold. */
  #referenceOf({ pace, start, mediaStart }: TimelinePeriod): AdaptationSet["reference"] {
    if (pace === undefined) return undefined;
    return { wallclock: this.#timeline.epoch + start * 1000, time: Math.round(mediaStart * PACE_TIMESCALE) };
  }

  #representation(period: TimelinePeriod, until: number, view: RenditionView): Representation | undefined {
    const { name, kind, bandwidth, resolution, sar, frameRate, channels, sampleRate } = view;
    // What is said of a rung counts the sound beside it, which players would look for in it.
    const codecs = kind === "video" ? view.codecs.slice(0, 1) : view.codecs;
    const template =
      period.pace === undefined ? this.#listed(period, until, view) : this.#foretold(period, until, view);
    if (!template) return undefined;
    return {
      id: name,
      codecs,
      bandwidth: Math.max(1, Math.ceil(bandwidth.peak)),
      resolution,
      sar,
      frameRate,
      channels,
      sampleRate,
      template,
    };
  }

  #listed({ firstMsn, mediaStart }: TimelinePeriod, until: number, view: RenditionView): SegmentTemplate | undefined {
    const { name, window } = view;
    const listed = window.segments.filter(({ msn }) => msn >= firstMsn && msn < until);
    const [first] = listed;
    const timescale = this.#timeline.timescaleOf(view, first?.init);
    if (first?.init === undefined || timescale === undefined) return undefined;
    const segments = [];
    for (const segment of listed) {
      const place = this.#timeline.placeOf(view, segment);
      // Of the next period, which begins with the next segment of the lead.
      if (!place || segment.init !== first.init) break;
      this.#numbers.set(name, place.start, segment.msn);
      segments.push(place);
    }
    if (segments.length === 0) return undefined;
    const { names } = this.#options;
    return {
      timescale,
      presentationTimeOffset: Math.round(mediaStart * timescale),
      initialization: names.init(view, first.init),
      media: names.media(view),
      segments,
    };
  }

  #foretold(
    { firstMsn, startNumber, mediaStart, pace }: TimelinePeriod,
    until: number,
    view: RenditionView,
  ): SegmentTemplate | undefined {
    const { names } = this.#options;
    const { segments, open, targets, ended, lastMsn } = view.window;
    const end = Number.isFinite(until) ? until - 1 : undefined;
    const init = (segments.find(({ msn }) => msn >= firstMsn) ?? open)?.init;
    if (init === undefined || pace === undefined || !names.growing) return undefined;
    return {
      timescale: PACE_TIMESCALE,
      presentationTimeOffset: Math.round(mediaStart * PACE_TIMESCALE),
      initialization: names.init(view, init),
      media: names.growing(view),
      duration: Math.round(pace * PACE_TIMESCALE),
      startNumber,
      endNumber: end ?? (ended ? lastMsn : undefined),
      availabilityTimeOffset: Number(Math.max(0, pace - targets.part).toFixed(3)),
    };
  }
}

/** Seconds of media that can be played: what is foretold does not say where it begins. */
function heldBy({ segments }: RenditionView["window"]): number {
  return segments.reduce((sum, { duration }) => sum + duration, 0);
}

/** Seconds. */
function latencyOf({ targets }: RenditionView["window"]): NonNullable<Mpd["latency"]> {
  const target = Number(Math.max(MIN_DELAY, DELAY_PARTS * targets.part).toFixed(3));
  return { target, min: target * NEAREST, max: target * FARTHEST };
}

/** Players do not switch between codecs without being asked. */
function codecOf({ codecs }: RenditionView): string {
  return codecs[0]?.slice(0, 4) ?? "";
}
