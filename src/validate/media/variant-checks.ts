import type { SegmentInfo } from "../finding.ts";
import { describeCodec } from "./codec-string.ts";
import type { MediaRuleId, NoteAt } from "./rules.ts";
import { frameRate, type MediaSummary, type TrackSummary } from "./summary.ts";

type VariantRule = MediaRuleId & ("codecs-format" | "codecs-profile" | "resolution" | "frame-rate");

/** What was found in the segments of one rendition between two discontinuities. */
type Run = { readonly fits: Set<VariantRule>; readonly breaches: Map<VariantRule, Breach> };
type Breach = { readonly where: string; readonly message: string; count: number };

/**
 * Compares the media of one rendition with the attributes of its variant. They are of the encoder that is there now; what
 * another left behind, in front of a discontinuity, may differ. So a breach counts where the media of no other run fits.
 */
export class VariantChecks {
  /** By discontinuity sequence number. */
  readonly #runs = new Map<number, Run>();

  constructor(private readonly note: NoteAt) {}

  add(info: SegmentInfo, summary: MediaSummary): void {
    const run = this.#run(info.discontinuitySequence);
    const judge = (rule: VariantRule, message: string | undefined) => {
      const known = run.breaches.get(rule);
      if (message === undefined) run.fits.add(rule);
      else if (known) known.count++;
      else run.breaches.set(rule, { where: info.uri, message, count: 1 });
    };
    for (const track of summary.tracks) {
      if (info.codecs && track.codec !== "") judgeCodec(track.codec, info.codecs, judge);
      if (track.kind === "video") judgePicture(info, track, judge);
    }
  }

  finish(): void {
    const runs = [...this.#runs.values()];
    for (const { breaches } of runs) {
      for (const [rule, { where, message, count }] of breaches) {
        if (runs.some((run) => run.fits.has(rule) && !run.breaches.has(rule))) continue;
        for (let i = 0; i < count; i++) this.note(rule, where, message);
      }
    }
  }

  #run(sequence: number): Run {
    const known = this.#runs.get(sequence);
    if (known) return known;
    if (this.#runs.size >= MAX_RUNS) this.#runs.delete(this.#runs.keys().next().value ?? sequence);
    const run = { fits: new Set<VariantRule>(), breaches: new Map<VariantRule, Breach>() };
    this.#runs.set(sequence, run);
    return run;
  }
}

const MAX_RUNS = 64;

type Judge = (rule: VariantRule, message: string | undefined) => void;

function judgePicture({ resolution, frameRate: announced }: SegmentInfo, track: TrackSummary, judge: Judge): void {
  const { size, frames } = track;
  if (resolution && size) {
    const pictures = `RESOLUTION=${resolution.width}x${resolution.height}, pictures are ${size.width}x${size.height}`;
    judge("resolution", isNear(resolution, size) ? undefined : pictures);
  }
  const rate = frameRate(track);
  if (rate === undefined || announced === undefined || frames < LEAST_FRAMES) return;
  const isHigher = rate > announced * (1 + RATE_TOLERANCE);
  judge("frame-rate", isHigher ? `FRAME-RATE=${announced}, measured ${rate.toFixed(3)}` : undefined);
}

/** A few frames say little about their rate where times are rounded to milliseconds. */
export const LEAST_FRAMES = 10;
export const RATE_TOLERANCE = 0.05;

function isNear(a: { width: number; height: number }, b: { width: number; height: number }): boolean {
  // Anamorphic pictures are announced in coded or in square pixels, and rounded.
  return Math.abs(a.height - b.height) <= 2 && Math.abs(a.width - b.width) <= Math.max(2, b.width * 0.01);
}

function judgeCodec(codec: string, announced: readonly string[], judge: Judge): void {
  const media = describeCodec(codec);
  const candidates = announced.map(describeCodec).filter(({ family }) => family === media.family);
  const list = announced.join(",");
  if (candidates.length === 0) {
    // Dolby Vision is announced by its own name, with the codec beneath it in the sample entry, and the other way round.
    const isDolby = announced.some((text) => describeCodec(text).family === "dolby-vision");
    if (media.family === "dolby-vision" || (isDolby && media.family === "hevc")) return;
    judge("codecs-format", `${codec} is not in CODECS="${list}"`);
    return;
  }
  judge("codecs-format", undefined);
  const fits = candidates.some(
    ({ profile, level, highTier }) =>
      (profile === undefined || media.profile === undefined || profile === media.profile) &&
      (level === undefined || media.level === undefined || media.level <= level) &&
      !(media.highTier === true && highTier === false),
  );
  judge("codecs-profile", fits ? undefined : `${codec} is not what CODECS="${list}" says`);
}
