import type { Millis } from "../media/time.ts";
import { mergeDelta, type ReceivedPlaylist } from "./playlist-cache.ts";
import type { Playout } from "./playout.ts";
import type { FailureKind, ViewerRequest, ViewerResponse } from "./request.ts";
import { after, type Cursor, type Snapshot, startPosition, type Unit, unitAt, unitBefore } from "./snapshot.ts";
import type { Tally } from "./tally.ts";
import { withQuery } from "./url.ts";

/** What a track needs of its viewer. */
export interface TrackHost {
  readonly lowLatency: boolean;
  readonly hints: boolean;
  readonly playout: Playout;
  readonly tally: Tally;
  send(request: ViewerRequest): void;
  /** Forgets a request: no answer is wanted any more. */
  abandon(request: ViewerRequest): void;
  wallclockAt(now: Millis): Millis;
  /** Where the first track begins, by wall clock, so that the others begin there; undefined when that is not known. */
  joinAt(track: number): Millis | undefined | "later";
  /** Media was appended. */
  appended(now: Millis): void;
  /** The playlist has ended and all of it is loaded. */
  completed(now: Millis): void;
}

/** Players load so far ahead, seconds. */
const MAX_AHEAD = 30;
/** Repeated failures are retried after 1, 2, 4, 8 s, as hls.js does. */
const FIRST_RETRY: Millis = 1_000;
const LAST_RETRY: Millis = 8_000;
/** Media that cannot be had is left out after so many tries. */
const MAX_TRIES = 3;

/** One media playlist that is followed, and its media, loaded one after the other: what a player does for each of its tracks. */
export class Track {
  readonly #host: TrackHost;
  readonly #index: number;
  #url: string;
  #snapshot: Snapshot | undefined;
  /** What was to come next when it joined: only from there on was it watching when media was made. */
  #liveFrom: Cursor | undefined;
  #received: Millis = 0;
  #cursor: Cursor | undefined;
  #init: string | undefined;
  /** Nothing before this wall clock is appended: it has been loaded from another variant. */
  #from: Millis | undefined;
  #playlistRequest: ViewerRequest | undefined;
  #asked: Millis = 0;
  #mediaRequest: ViewerRequest | undefined;
  /** A hinted part that came before the playlist that lists it. */
  #hinted: { readonly url: string; readonly at: Millis } | undefined;
  #hintTried: string | undefined;
  #reloadAt: Millis | undefined;
  #mediaAt: Millis | undefined;
  #playlistFailures = 0;
  #mediaFailures = 0;
  /** The next reload asks for all, at once. */
  #plain = false;
  #complete = false;
  #began = false;

  constructor(host: TrackHost, index: number, url: string) {
    this.#host = host;
    this.#index = index;
    this.#url = url;
  }

  get url(): string {
    return this.#url;
  }

  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  /** Whether all of a playlist that has ended is loaded. */
  get complete(): boolean {
    return this.#complete;
  }

  get deadline(): Millis | undefined {
    if (this.#reloadAt === undefined || this.#mediaAt === undefined) return this.#reloadAt ?? this.#mediaAt;
    return Math.min(this.#reloadAt, this.#mediaAt);
  }

  start(now: Millis): void {
    this.#reload(now);
  }

  /** Something has changed that media may have waited for. */
  wake(now: Millis): void {
    this.#load(now);
  }

  tick(now: Millis): void {
    if (this.#reloadAt !== undefined && this.#reloadAt <= now) {
      this.#reloadAt = undefined;
      this.#reload(now);
    }
    if (this.#mediaAt !== undefined && this.#mediaAt <= now) {
      this.#mediaAt = undefined;
      this.#load(now);
    }
  }

  /** Goes on with another playlist of the same stream, from what is loaded on (RFC 8216bis 6.3.1 and 4.4.5.4). */
  switchTo(url: string, loadedUntil: Millis | undefined, now: Millis): void {
    if (url === this.#url) return;
    const report = this.#snapshot?.reports.get(url);
    if (this.#playlistRequest) this.#host.abandon(this.#playlistRequest);
    this.#playlistRequest = undefined;
    this.#url = url;
    this.#snapshot = undefined;
    // Where there is no wall clock, variants are aligned by their numbers (6.2.4).
    if (loadedUntil !== undefined) {
      this.#from = loadedUntil;
      this.#cursor = undefined;
    }
    this.#reloadAt = undefined;
    this.#playlistFailures = 0;
    const part = report?.part === undefined ? "" : `&_HLS_part=${report.part}`;
    this.#request(report && this.#host.lowLatency ? `_HLS_msn=${report.msn}${part}` : "", report !== undefined, now);
  }

  answered(request: ViewerRequest, response: ViewerResponse, now: Millis): void {
    if (request === this.#playlistRequest) this.#gotPlaylist(response, now);
    else if (request === this.#mediaRequest) this.#gotMedia(request, response, now);
  }

  failed(request: ViewerRequest, failure: FailureKind, now: Millis): void {
    this.#host.tally.failed(request.kind, failure);
    if (request === this.#playlistRequest) this.#retryPlaylist(now);
    else if (request === this.#mediaRequest) this.#retryMedia(request, now);
  }

  #reload(now: Millis): void {
    const snapshot = this.#snapshot;
    const control = this.#host.lowLatency && !this.#plain ? snapshot?.playlist.serverControl : undefined;
    this.#plain = false;
    if (!snapshot || !control) {
      this.#request("", false, now);
      return;
    }
    let query = "";
    if (control.canBlockReload) {
      query = `_HLS_msn=${snapshot.next.msn}`;
      if (snapshot.playlist.partTarget !== undefined) query += `&_HLS_part=${snapshot.next.part}`;
    }
    // 6.3.7: not when what is known is older than half of the skip boundary.
    const { canSkipUntil } = control;
    if (canSkipUntil !== undefined && now - this.#received < (canSkipUntil * 1000) / 2) {
      query += `${query && "&"}_HLS_skip=YES`;
    }
    this.#request(query, control.canBlockReload, now);
  }

  #request(query: string, held: boolean, now: Millis): void {
    const request: ViewerRequest = {
      kind: "playlist",
      url: withQuery(this.#url, query),
      track: this.#index,
      held,
    };
    this.#playlistRequest = request;
    this.#asked = now;
    this.#host.send(request);
  }

  #gotPlaylist(response: ViewerResponse, now: Millis): void {
    const held = this.#playlistRequest?.held ?? false;
    if (response.status !== 200 || !response.playlist) {
      this.#host.tally.failed("playlist", response.status);
      this.#retryPlaylist(now);
      return;
    }
    const snapshot = this.#accept(response.playlist);
    if (typeof snapshot === "string") {
      this.#host.tally.error(`playlist: ${snapshot}`);
      this.#retryPlaylist(now);
      return;
    }
    this.#playlistRequest = undefined;
    if (!snapshot) {
      this.#host.tally.deltasRefused++;
      this.#plain = true;
      this.#reload(now);
      return;
    }
    const before = this.#snapshot;
    this.#playlistFailures = 0;
    this.#received = now;
    this.#snapshot = snapshot;
    this.#liveFrom ??= snapshot.next;
    const changed = !before || isNews(before, snapshot);
    if (!changed && held) this.#host.tally.unchanged++;
    this.#scheduleReload(snapshot, changed, held, now);
    this.#load(now);
  }

  /** The playlist as a snapshot; undefined when a delta update does not fit; or what is wrong with it. */
  #accept(received: ReceivedPlaylist): Snapshot | string | undefined {
    const before = this.#snapshot;
    switch (received.type) {
      case "malformed":
        return "cannot be read";
      case "multivariant":
        return "is a multivariant playlist";
      case "delta":
        if (!before) return "is a delta update of nothing";
        if (isBack(before, received.delta.playlist.mediaSequence)) return this.#startAnew();
        return mergeDelta(before, received);
      case "media":
        if (before && isBack(before, received.snapshot.playlist.mediaSequence)) return this.#startAnew();
        return received.snapshot;
    }
  }

  /** No player goes on when the numbers go back; a person reloads the page. */
  #startAnew(): string {
    this.#snapshot = undefined;
    this.#cursor = undefined;
    this.#init = undefined;
    return "the media sequence went back";
  }

  #scheduleReload(snapshot: Snapshot, changed: boolean, held: boolean, now: Millis): void {
    const { ended, serverControl, targetDuration, partTarget } = snapshot.playlist;
    if (ended) return;
    const lowLatency = this.#host.lowLatency;
    if (lowLatency && serverControl?.canBlockReload && (changed || !held)) {
      this.#reload(now);
      return;
    }
    // 6.3.4: a target duration after the last request, half of one when nothing had changed.
    const interval = lowLatency && partTarget !== undefined && !held ? partTarget : targetDuration;
    this.#reloadAt = Math.max(now + 1, this.#asked + (changed ? interval : interval / 2) * 1000);
    // Whatever held the request back so long, another one at once would find the same.
    if (held) this.#reloadAt = now + (targetDuration / 2) * 1000;
  }

  #retryPlaylist(now: Millis): void {
    this.#playlistRequest = undefined;
    this.#plain = true;
    this.#reloadAt = now + backOff(this.#playlistFailures++);
  }

  #load(now: Millis): void {
    const snapshot = this.#snapshot;
    if (!snapshot || this.#mediaRequest || this.#mediaAt !== undefined || this.#complete) return;
    for (;;) {
      const cursor = (this.#cursor ??= this.#join(snapshot));
      if (!cursor) return;
      const ahead = this.#host.playout.ahead(this.#index);
      if (ahead > MAX_AHEAD) {
        this.#mediaAt = now + (ahead - MAX_AHEAD + 1) * 1000;
        return;
      }
      const unit = unitAt(snapshot, cursor, this.#host.lowLatency);
      if (unit === "later") {
        this.#loadNothing(snapshot, cursor, now);
        return;
      }
      if (unit === "gone") {
        this.#host.tally.skips++;
        this.#cursor = undefined;
        this.#from = undefined;
      } else if (unit.gap) this.#cursor = after(unit);
      else if (unit.init !== undefined && unit.init !== this.#init) {
        this.#send({ kind: "init", url: unit.init, track: this.#index, held: false });
        return;
      } else if (this.#hinted?.url === unit.url) {
        this.#take(unit, this.#hinted.at, true, now);
        this.#hinted = undefined;
      } else {
        const kind = unit.part === undefined ? "segment" : "part";
        this.#send({
          kind,
          url: unit.url,
          track: this.#index,
          held: false,
          unit,
          newest: this.#isNew(unit, snapshot),
        });
        return;
      }
    }
  }

  /** All that is listed is loaded: the end, or time to ask for what is hinted. */
  #loadNothing(snapshot: Snapshot, { msn, part }: Cursor, now: Millis): void {
    if (snapshot.playlist.ended) {
      this.#complete = true;
      this.#host.completed(now);
      return;
    }
    const { hint, next } = snapshot;
    const isNext = msn === next.msn && part === next.part;
    // The cursor stands behind the last part of a complete segment.
    const isFirstOfNext = next.part === 0 && msn === next.msn - 1;
    if (!this.#host.hints || hint === undefined || hint === this.#hintTried || !(isNext || isFirstOfNext)) return;
    this.#hintTried = hint;
    this.#send({ kind: "part", url: hint, track: this.#index, held: true });
  }

  #send(request: ViewerRequest): void {
    this.#mediaRequest = request;
    this.#host.send(request);
  }

  /** Where to begin, or to go on after a change of variant. */
  #join(snapshot: Snapshot): Cursor | undefined {
    const { lowLatency } = this.#host;
    const together = this.#from ?? (this.#began ? undefined : this.#host.joinAt(this.#index));
    if (together === "later") return undefined;
    const live = startPosition(snapshot, lowLatency);
    const seconds = together === undefined ? live : (secondsAt(snapshot, together) ?? live);
    const unit = unitBefore(snapshot, seconds, lowLatency);
    if (!unit) return undefined;
    if (together !== undefined) this.#from = together;
    else if (!this.#began) this.#host.playout.startAt(Math.max(0, seconds - unit.start));
    return { msn: unit.msn, part: unit.part ?? 0 };
  }

  #gotMedia(request: ViewerRequest, { status }: ViewerResponse, now: Millis): void {
    const ok = status === 200 || status === 206;
    const hinted = request.kind === "part" && request.unit === undefined;
    if (!ok && hinted && status === 404) {
      this.#host.tally.hintsDropped++;
      this.#mediaRequest = undefined;
      this.#load(now);
      return;
    }
    if (!ok) {
      this.#host.tally.failed(request.kind, status);
      this.#retryMedia(request, now);
      return;
    }
    this.#mediaRequest = undefined;
    this.#mediaFailures = 0;
    if (request.kind === "init") this.#init = request.url;
    else if (request.unit) this.#take(request.unit, now, request.newest === true, now);
    else this.#hinted = { url: request.url, at: now };
    this.#load(now);
  }

  #take(unit: Unit, at: Millis, newest: boolean, now: Millis): void {
    const { tally } = this.#host;
    const ends = unit.wallclock === undefined ? undefined : unit.wallclock + unit.duration * 1000;
    tally.gotMedia(unit, at, newest && ends !== undefined ? this.#host.wallclockAt(at) - ends : undefined);
    this.#append(unit, now);
  }

  #append(unit: Unit, now: Millis): void {
    this.#cursor = after(unit);
    this.#began = true;
    let { duration, wallclock } = unit;
    if (this.#from !== undefined && wallclock !== undefined) {
      const early = Math.max(0, (this.#from - wallclock) / 1000);
      duration -= early;
      wallclock += early * 1000;
      if (duration < 0) return;
      this.#from = undefined;
    }
    this.#host.playout.append(this.#index, duration, wallclock, now);
    this.#host.appended(now);
  }

  /** Whether nothing newer is listed, and it was made since this viewer came. */
  #isNew({ msn, part }: Unit, { segments }: Snapshot): boolean {
    const last = segments.at(-1);
    const from = this.#liveFrom;
    if (!last || !from || last.msn !== msn || msn < from.msn) return false;
    if (part === undefined) return true;
    return part === last.parts.length - 1 && (msn > from.msn || part >= from.part);
  }

  #retryMedia(request: ViewerRequest, now: Millis): void {
    this.#mediaRequest = undefined;
    const failures = ++this.#mediaFailures;
    if (failures < MAX_TRIES) {
      this.#mediaAt = now + backOff(failures - 1);
      return;
    }
    this.#mediaFailures = 0;
    if (request.unit) {
      this.#host.tally.skips++;
      this.#cursor = after(request.unit);
    }
    this.#mediaAt = now + FIRST_RETRY;
  }
}

const backOff = (failures: number): Millis => Math.min(LAST_RETRY, FIRST_RETRY * 2 ** failures);

function isNews(before: Snapshot, now: Snapshot): boolean {
  return before.next.msn !== now.next.msn || before.next.part !== now.next.part || now.playlist.ended;
}

/** Whether a media sequence number lies before one that was seen. */
function isBack(before: Snapshot, mediaSequence: number): boolean {
  return mediaSequence < before.playlist.mediaSequence;
}

/** Seconds from the beginning of the playlist at a wall clock, if the playlist has any. */
function secondsAt(snapshot: Snapshot, wallclock: Millis): number | undefined {
  for (let i = snapshot.segments.length - 1; i >= 0; i--) {
    const segment = snapshot.segments[i];
    if (segment?.wallclock === undefined) return undefined;
    if (segment.wallclock <= wallclock || i === 0) return segment.start + (wallclock - segment.wallclock) / 1000;
  }
  return undefined;
}
