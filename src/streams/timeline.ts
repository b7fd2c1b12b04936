import type { DataEvent, Packet } from "../media/event.ts";
import type { Millis, Ticks } from "../media/time.ts";
import { type Track, type TrackId, VIDEO_TIMESCALE } from "../media/track.ts";

/** Where a stream's timeline starts, in seconds: late enough that a track that begins earlier than the first stays positive. */
export const TIMELINE_START = 10;
/** A step back beyond this is a restart of the source's clock, not disorder. */
const MAX_STEP_BACK = 1;
/** A step forward beyond this is a jump of the source's clock, not a pause; seconds. */
const MAX_STEP_FORWARD = 5;
/** Audio stamps this close to the sample clock are rounding (RTMP counts milliseconds); seconds. */
const AUDIO_ROUNDING = 0.002;
/** Audio stamps farther than this from the sample clock are a real hole or overlap; seconds. */
const AUDIO_HOLE = 0.1;
/** Composition offsets beyond this are nonsense (a negative one read as unsigned, say); seconds. */
const MAX_COMPOSITION = 10;
/** Video stamps that stand still for so many frames are taken as missing. */
const STUCK_FRAMES = 3;

/** What the timeline had to mend, counted since the publish began. */
export type TimelineCounters = {
  /** Clock restarts and jumps. */
  resets: number;
  /** Stamps that stood still or went back a little, or nonsensical composition offsets. */
  repaired: number;
  /** Pauses in which a track had nothing for longer than half a second. */
  holes: number;
};

type TrackState = {
  readonly timescale: number;
  readonly samplesPerPacket: number;
  readonly isAudio: boolean;
  offset: number;
  offsetTicks: Ticks;
  lastIn: Ticks;
  lastOut: Ticks;
  lastNow: Millis;
  stuck: number;
  started: boolean;
};

/**
 * Turns a publisher's times into the stream's: continuous over jumps, restarts and publishers, strictly increasing per
 * track. All tracks share one offset, so what was in sync stays in sync, and the frames of several video tracks that had the
 * same stamp have it still; no packet is ever dropped.
 */
export class Timeline {
  readonly counters: TimelineCounters = { resets: 0, repaired: 0, holes: 0 };
  readonly #tracks = new Map<TrackId, TrackState>();
  /** Seconds added to the source's time; undefined until the first packet. */
  #offset: number | undefined;
  /** Where the next run begins, in seconds: the end of what was there before. */
  #start: number;

  constructor(start: number = TIMELINE_START) {
    this.#start = start;
  }

  /** The end of all that was published so far, in seconds: where another publisher's timeline may start. */
  get end(): number {
    let end = this.#start;
    for (const track of this.#tracks.values()) {
      if (track.started) end = Math.max(end, (track.lastOut + nominal(track)) / track.timescale);
    }
    return end;
  }

  /** Call whenever the tracks change; those that stay keep their place. */
  setTracks(tracks: readonly Track[]): void {
    const kept = new Set<TrackId>();
    for (const track of tracks) {
      kept.add(track.id);
      const samplesPerPacket = track.kind === "audio" ? track.config.samplesPerPacket : 0;
      const known = this.#tracks.get(track.id);
      if (known && known.timescale === track.timescale && known.samplesPerPacket === samplesPerPacket) continue;
      this.#start = this.end;
      const state = newState(track.timescale, samplesPerPacket, track.kind === "audio");
      if (known?.started) {
        // A new sample rate: same place in time, other ticks.
        setOffset(state, known.offset);
        state.lastOut = Math.ceil((known.lastOut * track.timescale) / known.timescale);
        state.lastIn = state.lastOut - state.offsetTicks;
        state.lastNow = known.lastNow;
        state.started = true;
      }
      this.#tracks.set(track.id, state);
    }
    for (const id of this.#tracks.keys()) {
      if (kept.has(id)) continue;
      this.#start = this.end;
      this.#tracks.delete(id);
    }
  }

  /**
   * The packet with its place on the stream's timeline. `counters.resets` grows when the source's clock jumped right before
   * it. A packet of a track that was not announced is placed as video would be.
   */
  place(packet: Packet, now: Millis): Packet {
    let track = this.#tracks.get(packet.track);
    if (!track) {
      track = newState(VIDEO_TIMESCALE, 0, false);
      this.#tracks.set(packet.track, track);
    }
    const source = packet.dts;
    if (this.#offset === undefined) this.#offset = this.#start - source / track.timescale;
    if (!track.started) {
      setOffset(track, this.#offset);
      // A track that starts an hour from the others has a clock of its own: begin it where the others are.
      const apart = (source + track.offsetTicks) / track.timescale - this.end;
      if (apart < -TIMELINE_START + MAX_STEP_BACK || apart > TIMELINE_START) {
        setOffset(track, this.end - source / track.timescale);
        this.counters.resets++;
      }
    } else {
      let step = (source + track.offsetTicks - track.lastOut) / track.timescale;
      if (this.#offset !== track.offset) {
        // Another track has jumped. A packet from before goes on where this one is, the first from behind joins it.
        const joined = step + this.#offset - track.offset;
        if (Math.abs(joined) < Math.abs(step)) {
          setOffset(track, this.#offset);
          step = joined;
        }
      }
      if (isJump(step)) this.#jump(track, source);
      else if (step > 0.5) this.counters.holes++;
    }

    const dts = track.started ? this.#next(track, source, now) : Math.max(0, source + track.offsetTicks);
    let composition = packet.pts - packet.dts;
    if (Math.abs(composition) > MAX_COMPOSITION * track.timescale) {
      composition = 0;
      this.counters.repaired++;
    }
    // Video keeps its exact presentation time even where dts had to move; audio has none apart from its dts.
    const pts = track.isAudio
      ? dts
      : Math.max(
          0,
          dts === source + track.offsetTicks ? dts + composition : this.#presentation(track, packet, dts, composition),
        );
    track.lastIn = source;
    track.lastOut = dts;
    track.lastNow = now;
    track.started = true;
    return {
      type: "packet",
      track: packet.track,
      dts,
      pts,
      duration: packet.duration,
      key: packet.key,
      data: packet.data,
    };
  }

  /** Timed data stands where the media around it stands. */
  placeData(event: DataEvent, timescale: number): DataEvent {
    const pts = event.pts + Math.round((this.#offset ?? this.#start) * timescale);
    return { ...event, pts: Math.max(0, pts) };
  }

  /** The track's clock jumped, as the first: what comes goes on behind all that was. */
  #jump(track: TrackState, source: Ticks): void {
    this.#offset = this.end - source / track.timescale;
    setOffset(track, this.#offset);
    this.counters.resets++;
  }

  #next(track: TrackState, source: Ticks, now: Millis): Ticks {
    const stamped = source + track.offsetTicks;
    if (track.isAudio && track.samplesPerPacket > 0) return this.#nextAudio(track, stamped);
    track.stuck = source === track.lastIn ? track.stuck + 1 : 0;
    if (stamped > track.lastOut) return stamped;
    this.counters.repaired++;
    if (track.stuck < STUCK_FRAMES) return track.lastOut + 1;
    // No usable stamps: the time of arrival is the best there is.
    const elapsed = Math.min(1000, Math.max(0, now - track.lastNow));
    return track.lastOut + Math.max(1, Math.round((elapsed * track.timescale) / 1000));
  }

  /** Audio runs on its sample clock; stamps only correct it, gently, unless there is a real hole. */
  #nextAudio(track: TrackState, stamped: Ticks): Ticks {
    const expected = track.lastOut + track.samplesPerPacket;
    const error = stamped - expected;
    if (Math.abs(error) <= AUDIO_ROUNDING * track.timescale) return expected;
    if (error > AUDIO_HOLE * track.timescale) return stamped;
    this.counters.repaired++;
    if (error < -AUDIO_HOLE * track.timescale) return expected;
    return Math.max(track.lastOut + 1, expected + Math.trunc(error / 8));
  }

  #presentation(track: TrackState, packet: Packet, dts: Ticks, composition: Ticks): Ticks {
    const exact = packet.dts + composition + track.offsetTicks;
    return Math.abs(exact - dts) > track.timescale ? dts + composition : exact;
  }
}

function newState(timescale: number, samplesPerPacket: number, isAudio: boolean): TrackState {
  return {
    timescale,
    samplesPerPacket,
    isAudio,
    offset: 0,
    offsetTicks: 0,
    lastIn: 0,
    lastOut: 0,
    lastNow: 0,
    stuck: 0,
    started: false,
  };
}

function setOffset(track: TrackState, offset: number): void {
  track.offset = offset;
  track.offsetTicks = Math.round(offset * track.timescale);
}

function isJump(seconds: number): boolean {
  return seconds < -MAX_STEP_BACK || seconds > MAX_STEP_FORWARD;
}

/** A guess at the length of a track's last packet, in ticks. */
function nominal(track: TrackState): Ticks {
  return track.samplesPerPacket || Math.round(track.timescale / 30);
}
