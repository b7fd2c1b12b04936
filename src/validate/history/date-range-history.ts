import type { FoundMediaPlaylist } from "../playlist/media-playlist.ts";
import { toDate } from "../playlist/read-media-playlist.ts";
import type { HistoryRuleId } from "./rules.ts";

/** Live playlists do not hold more. */
const MAX_RANGES = 4096;

type KnownRange = { readonly attributes: Map<string, string>; listed: boolean };

/** Date ranges over time (RFC 8216bis 6.2.1). */
export class DateRangeHistory {
  readonly #breach: (rule: HistoryRuleId, message: string, line?: number) => void;
  readonly #known = new Map<string, KnownRange>();

  constructor(breach: (rule: HistoryRuleId, message: string, line?: number) => void) {
    this.#breach = breach;
  }

  /** @param playlist a whole one, or a delta update that did not skip date ranges */
  observe(playlist: FoundMediaPlaylist): void {
    // Those that a delta update leaves out are still listed.
    if (playlist.recentlyRemovedDateRanges !== undefined) return;
    const listed = new Set(playlist.dateRanges.map(({ id }) => id));
    for (const { id, line, attributes } of playlist.dateRanges) {
      let known = this.#known.get(id);
      if (!known) {
        if (this.#known.size === MAX_RANGES) this.#known.clear();
        known = { attributes: new Map(), listed: true };
        this.#known.set(id, known);
      }
      known.listed = true;
      for (const { name, value } of attributes.values()) {
        const before = known.attributes.get(name);
        if (before !== undefined && before !== value) {
          this.#breach("date-range-changed", `${name} of "${id}" was ${before}, it is ${value}`, line);
        }
        known.attributes.set(name, value);
      }
    }
    for (const [id, known] of this.#known) {
      if (!known.listed || listed.has(id)) continue;
      known.listed = false;
      if (overlaps(known, playlist)) this.#breach("date-range-removed", `"${id}" is gone`);
    }
  }
}

function overlaps({ attributes }: KnownRange, { segments }: FoundMediaPlaylist): boolean {
  const start = toDate(attributes.get("START-DATE"));
  const [first, last] = [segments[0]?.date, segments.at(-1)];
  if (start === undefined || first === undefined || last?.date === undefined) return false;
  const duration = attributes.get("DURATION");
  const end = toDate(attributes.get("END-DATE")) ?? start + (duration === undefined ? 0 : Number(duration) * 1000);
  return end > first && start < last.date + last.duration * 1000;
}
