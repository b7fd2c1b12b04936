import { type Silence, silenceFor } from "../codecs/silence.ts";
import type { MediaEvent, Packet } from "../media/event.ts";
import type { Millis, Ticks } from "../media/time.ts";
import type { AudioTrack, Track, TrackId, VideoTrack } from "../media/track.ts";

/** A picture's length where nothing tells it; seconds. */
const FRAME = 1 / 30;
/** Most that one call of `advance` makes: a process that stood still does not make up for all of it. */
const MOST: Millis = 10_000;

/** Remembers of a stream what it takes to go on without its encoder. */
export class LastMedia {
  #tracks: readonly Track[] = [];
  readonly #timescales = new Map<TrackId, number>();
  /** Of each track, the latest keyframe of video, the latest packet of audio. */
  readonly #packets = new Map<TrackId, Packet>();
  #end = 0;

  get tracks(): readonly Track[] {
    return this.#tracks;
  }

  /** Where the latest packet of any track ends, in seconds. */
  get end(): number {
    return this.#end;
  }

  packet(track: TrackId): Packet | undefined {
    return this.#packets.get(track);
  }

  note(event: MediaEvent): void {
    if (event.type === "packet") {
      const timescale = this.#timescales.get(event.track);
      if (timescale === undefined) return;
      if (event.key) this.#packets.set(event.track, event);
      const end = event.dts / timescale + FRAME;
      if (end > this.#end) this.#end = end;
    } else if (event.type === "tracks") {
      this.#tracks = event.tracks;
      // What was coded before is of no use with other configurations.
      this.#packets.clear();
      this.#timescales.clear();
      for (const track of event.tracks) this.#timescales.set(track.id, track.timescale);
    }
  }
}

type Voice = {
  readonly track: VideoTrack | AudioTrack;
  readonly data: Uint8Array;
  readonly step: Ticks;
  next: Ticks;
};

/**
 * Plays the part of an encoder that is away: its last keyframe over and over, and silence, in real time. So the playlist
 * goes on as players expect of a live one (RFC 8216bis 6.2.1: a new segment within 1.5 target durations, a new part within
 * one part target), and none of them has to cope with an absence.
 */
export class StandIn {
  readonly #voices: readonly Voice[];
  readonly #startsAt: number;
  #now: Millis;
  /** Seconds due since the start. */
  #due = 0;

  private constructor(voices: readonly Voice[], startsAt: number, now: Millis) {
    this.#voices = voices;
    this.#startsAt = startsAt;
    this.#now = now;
  }

  /**
   * Undefined when there is nothing to go on with.
   * @param since when the last of the encoder's media came
   * @param frame seconds from picture to picture
   */
  static after(last: LastMedia, since: Millis, frame: number): StandIn | undefined {
    const voices: Voice[] = [];
    const startsAt = last.end;
    let hasPicture = true;
    for (const track of last.tracks) {
      const packet = last.packet(track.id);
      const next = Math.ceil(startsAt * track.timescale);
      if (track.kind === "video") {
        if (voices.some((voice) => voice.track.kind === "video")) continue;
        if (packet) voices.push({ track, data: packet.data, step: Math.round(frame * track.timescale), next });
        hasPicture = packet !== undefined;
      } else if (track.kind === "audio") {
        const silence: Silence | undefined = packet && silenceFor(track.config, packet.data);
        if (silence) voices.push({ track, data: silence.data, step: silence.duration, next });
      }
    }
    return voices.length > 0 && hasPicture ? new StandIn(voices, startsAt, since) : undefined;
  }

  get tracks(): readonly Track[] {
    return this.#voices.map((voice) => voice.track);
  }

  /** Where what was made so far ends, in seconds. */
  get end(): number {
    return Math.max(...this.#voices.map((voice) => voice.next / voice.track.timescale));
  }

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
      earliest.next += earliest.step;
    }
    this.#due = due;
    this.#now = Math.max(this.#now, now);
  }
}

function toPacket({ track, data, step, next }: Voice): Packet {
  return { type: "packet", track: track.id, dts: next, pts: next, duration: step, key: true, data };
}
