import { sameBytes } from "../bytes/same-bytes.ts";
import type { Millis } from "../media/time.ts";
import { notFound } from "./answer.ts";
import type { PlaylistProfile } from "./media-playlists.ts";
import type { Bandwidth } from "./multivariant.ts";
import type { RenditionEvent } from "./rendition.ts";
import type { Rendition } from "./rendition-pipeline.ts";
import { type OtherRendition, RenditionPlaylists } from "./rendition-playlists.ts";
import type { RungDescription, RungPosition, RungState, RungStatus } from "./rung-feed.ts";
import { ViewerRequests } from "./viewer-requests.ts";
import { Waiters } from "./waiters.ts";
import { RenditionWindow } from "./window.ts";

/** Whoever asks first for a rung gets what there is after this long, and need not wait for all that any player could want. */
const RUNG_PATIENCE: Millis = 1500;
/** Complete segments from which on a measured rate is believed more than one foretold. */
const MEASURED_SEGMENTS = 3;

export type RungOptions = {
  readonly profile: PlaylistProfile;
  readonly windowMs: Millis;
  readonly mediaType: string;
  readonly maxWaiters: number;
  readonly onFault: (error: unknown) => void;
  readonly others: () => readonly OtherRendition[];
};

/** What exists of a rung while somebody makes it. */
type Making = { readonly window: RenditionWindow; readonly requests: ViewerRequests; init: AdoptedInit | undefined };

/** An initialization section, and by which number it came last: another maker may send the same one anew. */
type AdoptedInit = { readonly number: number; readonly bytes: Uint8Array; alias: number };

/** A rendition beside the lead. Its window exists from the first request, or the first event of who makes it, until it is dropped. */
export class Rung {
  description: RungDescription;
  status: RungStatus = "idle";
  reason: string | undefined;
  readonly waiters: Waiters;
  readonly #options: RungOptions;
  readonly #lead: Rendition;
  #making: Making | undefined;
  #measured: Bandwidth | undefined;

  constructor(description: RungDescription, lead: Rendition, options: RungOptions) {
    this.description = description;
    this.#lead = lead;
    this.#options = options;
    this.waiters = new Waiters(options.maxWaiters, options.onFault);
  }

  /** Undefined while nobody makes it. */
  get window(): RenditionWindow | undefined {
    return this.#making?.window;
  }

  get isAnnounced(): boolean {
    return this.status !== "failed" && this.status !== "shed";
  }

  /** As measured; undefined before there is enough to measure. */
  get measured(): Bandwidth | undefined {
    const window = this.#making?.window;
    const least = this.description.of ? 1 : MEASURED_SEGMENTS;
    if (window && window.segments.length >= least) this.#measured = window.bandwidth;
    return this.#measured;
  }

  get state(): RungState {
    const { name, kind, resolution, bandwidth } = this.description;
    return {
      name,
      kind,
      ...resolution,
      bitrate: Math.round(this.measured?.average ?? bandwidth.average),
      state: this.status,
      ...(this.reason !== undefined && { reason: this.reason }),
    };
  }

  /** The part that comes next; undefined before there is any. */
  get position(): RungPosition | undefined {
    const { open, lastMsn } = this.#making?.window ?? {};
    if (open) return { msn: open.msn, part: open.parts.length };
    return lastMsn === undefined ? undefined : { msn: lastMsn + 1, part: 0 };
  }

  /** What answers viewers, made if there is none yet. */
  get requests(): ViewerRequests {
    return this.#make().requests;
  }

  /** Nobody makes it any more. */
  drop(reason: string): void {
    this.measured;
    this.#making = undefined;
    this.waiters.dismiss(notFound(reason));
  }

  /** Takes what is made of it; what does not continue what there is, or the lead does not have, is left out. */
  write(event: RenditionEvent): void {
    if (event.type === "open") this.#open(event);
    else if (event.type === "init") this.#adopt(event);
    else if (event.type === "part") this.#part(event);
    else if (event.type !== "segment" || this.window?.open?.msn === event.msn) this.window?.write(event);
  }

  #make(): Making {
    if (this.#making) return this.#making;
    const { profile, windowMs, mediaType, others } = this.#options;
    const lead = this.#lead.window;
    const window = new RenditionWindow({ targets: lead.targets, windowMs, discontinuitySequence: 0, beside: lead });
    const playlists = new RenditionPlaylists(window, profile, others);
    const options = { mediaType, patience: RUNG_PATIENCE, isKnown: false };
    const requests = new ViewerRequests({ window, playlists }, profile, this.waiters, options);
    this.#making = { window, requests, init: undefined };
    return this.#making;
  }

  #open(event: RenditionEvent & { readonly type: "open" }): void {
    const sequence = this.#lead.window.discontinuitySequenceOf(event.msn);
    if (sequence === undefined) return;
    const last = this.#making?.window.open?.msn ?? this.#making?.window.lastMsn;
    if (last !== undefined && event.msn !== last + 1) {
      if (event.msn <= last) return;
      this.#beginAnew();
    }
    const making = this.#make();
    const { window } = making;
    if (window.lastMsn === undefined) {
      window.startAt(sequence - (event.discontinuity ? 1 : 0));
      for (const { range } of this.#lead.window.dateRanges.listed) window.write({ type: "date-range", range });
    }
    const { init } = making;
    window.write(event.init !== undefined && event.init === init?.alias ? { ...event, init: init.number } : event);
  }

  /** Its maker has left something out: what comes next does not continue the playlist. */
  #beginAnew(): void {
    const init = this.#making?.init;
    this.#making = undefined;
    const making = this.#make();
    making.init = init;
    if (init) making.window.write({ type: "init", init: init.number, bytes: init.bytes });
  }

  #adopt(event: RenditionEvent & { readonly type: "init" }): void {
    const making = this.#make();
    const { init, bytes } = event;
    if (making.init && sameBytes(making.init.bytes, bytes)) making.init.alias = init;
    else {
      making.init = { number: init, bytes, alias: init };
      making.window.write(event);
    }
  }

  #part(event: RenditionEvent & { readonly type: "part" }): void {
    const open = this.window?.open;
    if (open?.msn === event.msn && open.parts.length === event.part) this.window?.write(event);
  }
}
