import { silenceFor } from "../codecs/silence.ts";
import type { MediaEvent, Packet } from "../media/event.ts";
import type { Millis, Ticks } from "../media/time.ts";
import type { AudioTrack, Track, TrackId, VideoTrack } from "../media/track.ts";
import type { PackagerPosition } from "./rendition-memory.ts";

/** A picture's length where nothing tells it; seconds. */
const FRAME = 1 / 30;
/** Tracks that end so far apart belong together; seconds. */
const NEAR = 0.5;
/** Of a tick: what seconds lose of it. */
const ROUNDING = 0.01;
/** A packet of sound, at the least. */
const TAIL: Millis = 50;
/** Most that one call of `advance` makes: a process that stood still does not make up for all of it. */
const MOST: Millis = 10_000;

type TrackMemory = {
  readonly timescale: number;
  /** Ticks that each packet lasts; 0 where that is not known. */
  readonly duration: Ticks;
  /** The latest keyframe of video, the latest packet of audio. */
  packet: Packet | undefined;
  /** Where the latest packet ends. */
  end: Ticks;
};

/** Remembers of a stream what it takes to go on without its encoder. */
export class LastMedia {
  #tracks: readonly Track[] = [];
  readonly #memories = new Map<TrackId, TrackMemory>();
  #end = 0;

  get tracks(): readonly Track[] {
    return this.#tracks;
  }

  /** Where the latest packet of any track ends, in seconds. */
  get end(): number {
    return this.#end;
  }

  /** The latest packet to go on with, and where the track ends. */
  of(track: TrackId): { readonly packet: Packet | undefined; readonly end: Ticks } | undefined {
    return this.#memories.get(track);
  }

  /** The latest packets of all tracks. */
  get packets(): readonly Packet[] {
    return [...this.#memories.values()].flatMap(({ packet }) => packet ?? []);
  }

  /** As it was in another process, and where the tracks ended there. */
  resume(tracks: readonly Track[], packets: readonly Packet[], ends: PackagerPosition["ends"]): void {
    this.note({ type: "tracks", tracks });
    for (const packet of packets) this.note(packet);
    for (const { track, end } of ends) {
      const memory = this.#memories.get(track);
      if (memory) memory.end = end;
    }
    const lead = tracks.find(({ kind }) => kind === "video") ?? tracks[0];
    this.#end = lead ? (this.#memories.get(lead.id)?.end ?? 0) / lead.timescale : 0;
  }

  note(event: MediaEvent): void {
    if (event.type === "packet") {
      const memory = this.#memories.get(event.track);
      if (!memory) return;
      if (event.key) memory.packet = event;
      memory.end = event.dts + (memory.duration || event.duration);
      const end = event.dts / memory.timescale + FRAME;
      if (end > this.#end) this.#end = end;
    } else if (event.type === "tracks") {
      this.#tracks = event.tracks;
      // What was coded before is of no use with other configurations.
      this.#memories.clear();
      for (const track of event.tracks) {
        const duration = track.kind === "audio" ? track.config.samplesPerPacket : 0;
        this.#memories.set(track.id, { timescale: track.timescale, duration, packet: undefined, end: 0 });
      }
    }
  }
}

type Voice = {
  readonly track: VideoTrack | AudioTrack;
  readonly data: Uint8Array;
  readonly step: Ticks;
  next: Ticks;
};

export type StandInOptions = {
  /** When the last of the encoder's media came. */
  readonly since: Millis;
  /** Seconds from picture to picture. */
  readonly frame: number;
  /** Where the part being made begins, in seconds, so that pictures change with the parts. */
  readonly partStart: () => number | undefined;
};

/**
 * Plays the part of an encoder that is away: its last keyframe over and over, and silence, in real time. So the playlist
 * goes on as players expect of a live one (RFC 8216bis 6.2.1: a new segment within 1.5 target durations, a new part within
 * one part target), and none of them has to cope with an absence.
 */
export class StandIn {
  readonly #voices: readonly Voice[];
  readonly #options: StandInOptions;
  readonly #startsAt: number;
  #now: Millis;
  /** Seconds due since the start. */
  #due = 0;

  private constructor(voices: readonly Voice[], startsAt: number, options: StandInOptions) {
    this.#voices = voices;
    this.#startsAt = startsAt;
    this.#options = options;
    this.#now = options.since;
  }

  /** Undefined when there is nothing to go on with. */
  static after(last: LastMedia, options: StandInOptions): StandIn | undefined {
    const voices: Voice[] = [];
    const startsAt = last.end;
    const lead = last.tracks.find((track) => track.kind === "video");
    let hasPicture = true;
    for (const track of last.tracks) {
      const { packet, end = 0 } = last.of(track.id) ?? {};
      const next = Math.ceil(startsAt * track.timescale - ROUNDING);
      if (track.kind === "video") {
        const step = Math.round(options.frame * track.timescale);
        if (packet) voices.push({ track, data: packet.data, step, next });
        if (track === lead) hasPicture = packet !== undefined;
      } else if (track.kind === "audio") {
        const silence = packet && silenceFor(track.config, packet.data);
        // Right behind its own last packet, not the picture's: a hole would be heard.
        const isNear = Math.abs(next - end) < NEAR * track.timescale;
        if (silence) voices.push({ track, data: silence.data, step: silence.duration, next: isNear ? end : next });
      }
    }
    return voices.length > 0 && hasPicture ? new StandIn(voices, startsAt, options) : undefined;
  }

  get tracks(): readonly Track[] {
    return this.#voices.map((voice) => voice.track);
  }

  /** Behind all that was made so far, in seconds. */
  get end(): number {
    return this.#startsAt + this.#due;
  }

  /** Until when it has played. */
  get now(): Millis {
    return this.#now;
  }

  /** Hands out what is due until `now`, in order, with the time at which an encoder would have sent it. */
  advance(now: Millis, write: (packet: Packet, at: Millis) => void): void {
    const from = Math.max(this.#now, now - MOST);
    const due = this.#due + Math.max(0, now - from) / 1000;
    for (;;) {
      let earliest: Voice | undefined;
      let time = this.#startsAt + due;
      for (const voice of this.#voices) {
        const at = voice.next / voice.track.timescale;
        if (at >= time) continue;
        earliest = voice;
        time = at;
      }
      if (!earliest) break;
      write(toPacket(earliest), Math.max(from, from + (time - this.#startsAt - this.#due) * 1000));
      this.#step(earliest);
    }
    this.#due = due;
    this.#now = Math.max(this.#now, now);
  }

  /** Plays on until `now` and a little beyond: something comes of every part that is under way. */
  finish(now: Millis, write: (packet: Packet, at: Millis) => void): void {
    const hasSound = this.#voices.some((voice) => voice.track.kind === "audio");
    this.advance(now + (hasSound ? TAIL : this.#options.frame * 1000), write);
  }

  /** The next picture stands at the end of the part that this one is in. */
  #step(voice: Voice): void {
    const { track, next, step } = voice;
    const partStart = track.kind === "video" ? this.#options.partStart() : undefined;
    voice.next += step;
    if (partStart === undefined) return;
    const start = Math.round(partStart * track.timescale);
    voice.next = start > next ? start : start + step;
  }
}

function toPacket({ track, data, step, next }: Voice): Packet {
  return { type: "packet", track: track.id, dts: next, pts: next, duration: step, key: true, data };
}
