import Hls, { Events, type FragBufferedData, type FragLoadedData, type Part } from "hls.js";

/** Seconds of media after which a measurement counts half. A third of what hls.js takes, for the longer buffer it expects. */
export const ESTIMATE = { abrEwmaFastLive: 1, abrEwmaSlowLive: 3 } as const;

/** More than this, in times of the best quality, is as good as any: what was fast must not hide for long that it is slow. */
const ENOUGH = 4;
/** A part that came in one piece has no measurable duration. */
const LEAST_SECONDS = 0.002;

/**
 * Decides which quality the network carries, part by part. hls.js asks for a segment's parts in one go, measures the last of
 * them only, counts a measurement by how long it took, and decides after the go: too late to go down where a second of media
 * lies ready, and slow to go up where a part takes hundredths of it.
 */
export class PartAbrController extends Hls.DefaultConfig.abrController {
  protected override onFragLoaded(event: Events.FRAG_LOADED, data: FragLoadedData): void {
    super.onFragLoaded(event, data);
    const { hls } = this;
    const { frag, part } = data;
    if (frag.type !== "main" || frag.sn === "initSegment") return;
    this.#measure(part ?? frag);
    if (!part || !isFollowed(part, hls.latestLevelDetails?.partList ?? [])) return;
    if (!hls.autoLevelEnabled || hls.nextAutoLevel >= frag.level) return;
    // The next part is asked for in this very turn.
    queueMicrotask(() => {
      hls.nextLoadLevel = hls.nextAutoLevel;
      frag.abortRequests();
      hls.trigger(Events.FRAG_LOAD_EMERGENCY_ABORTED, { frag, part, stats: part.stats });
    });
  }

  /** hls.js would measure here. */
  protected override onFragBuffered(_event: Events.FRAG_BUFFERED, _data: FragBufferedData): void {}

  #measure({ stats, duration }: Pick<Part, "stats" | "duration">): void {
    const { loading, loaded } = stats;
    const seconds = Math.max(LEAST_SECONDS, (loading.end - loading.first) / 1000);
    const best = Math.max(...this.hls.levels.map(({ maxBitrate }) => maxBitrate));
    const bytesPerSecond = Math.min(loaded / seconds, (best * ENOUGH) / 8);
    const weight = Math.max(seconds, duration);
    this.bwEstimator.sample(weight * 1000, weight * bytesPerSecond);
  }
}

/** Whether there is a further part of its segment. */
function isFollowed(part: Part, parts: readonly Part[]): boolean {
  return parts.some(({ fragment, index }) => fragment.sn === part.fragment.sn && index === part.index + 1);
}
