import { edgeOf } from "../playlist/media-playlist.ts";
import type { Observation } from "./playlist-history.ts";
import type { HistoryRuleId } from "./rules.ts";

/** Of the target duration (RFC 8216bis 6.2.1). */
const SEGMENT_TARGETS = 1.5;
/** For the way of the answer, and clocks of encoders. */
const SEGMENT_SLACK_MS = 500;
const PART_TARGETS = 2;
const PART_SLACK_MS = 500;

type Newest = { readonly msn: number; readonly part: number; readonly at: number; reported: boolean };

/**
 * When segments and parts come. Each counts from when it was first seen, which is later than when it was there; that the
 * next one is not there is only known when a request was sent. So nothing is called late that was not.
 */
export class Punctuality {
  readonly #breach: (rule: HistoryRuleId, message: string, line?: number) => void;
  #segment: Newest | undefined;
  #part: Newest | undefined;

  constructor(breach: (rule: HistoryRuleId, message: string, line?: number) => void) {
    this.#breach = breach;
  }

  reset(): void {
    this.#segment = undefined;
    this.#part = undefined;
  }

  observe(observation: Observation): void {
    const { playlist } = observation;
    if (playlist.ended) {
      this.reset();
      return;
    }
    const last = playlist.segments.at(-1);
    if (last) {
      const limit = SEGMENT_TARGETS * playlist.targetDuration * 1000 + SEGMENT_SLACK_MS;
      this.#segment = this.#next(this.#segment, last.msn, 0, observation, limit, (late) => {
        const shown = (late / 1000).toFixed(1);
        this.#breach("segment-late", `nothing after segment ${this.#segment?.msn} for ${shown} s`);
      });
    }
    const edge = edgeOf(playlist);
    if (!edge || playlist.partTarget === undefined) return;
    const seconds = Math.max(PART_TARGETS * playlist.partTarget, playlist.serverControl?.partHoldBack ?? 0);
    const limit = seconds * 1000 + PART_SLACK_MS;
    this.#part = this.#next(this.#part, edge.msn, edge.part, observation, limit, (late) => {
      const shown = (late / 1000).toFixed(1);
      this.#breach("part-late", `no new part for ${shown} s`);
    });
  }

  #next(
    newest: Newest | undefined,
    msn: number,
    part: number,
    { sentAt, arrivedAt, age, held }: Observation,
    limit: number,
    report: (late: number) => void,
  ): Newest {
    const order = newest ? msn - newest.msn || part - newest.part : 1;
    if (!newest) return { msn, part, at: arrivedAt, reported: false };
    // An answer older than what is known says nothing.
    if (order < 0) return newest;
    // A request that was held was answered when it came. Otherwise all that is known is when it was not there yet.
    const knownAt = order === 0 ? sentAt - age : held ? arrivedAt : newest.at;
    const late = knownAt - newest.at;
    if (late > limit && !newest.reported) {
      report(late);
      newest.reported = true;
    }
    return order === 0 ? newest : { msn, part, at: arrivedAt, reported: false };
  }
}
