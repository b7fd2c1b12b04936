import { type Silence, silenceFor } from "../codecs/silence.ts";
import type { MediaEvent, Packet } from "../media/event.ts";
import { rescale, type Ticks } from "../media/time.ts";
import type { AudioTrack, TrackId, VideoTrack } from "../media/track.ts";

/** Sound that is this far behind the picture, and more than twice as far as before, is not late but missing; seconds. */
const MISSING = 0.6;
/** How far behind the picture silence stays, so that sound that comes back has its place; seconds. */
const MARGIN = 0.2;

type Sound = {
  readonly track: AudioTrack;
  /** Of the latest packet; before the first, of nothing. */
  data: Uint8Array;
  /** Where the latest packet ends; undefined before the first. */
  end: Ticks | undefined;
  /** Furthest that it was behind the picture while it came; seconds. */
  lag: number;
  /** What is being put in its place. */
  silence: Silence | undefined;
  /** What comes before has lost its place. */
  taken: Ticks | undefined;
};

/**
 * Puts silence where sound that was announced stays away while the picture goes on: players show no more of a stream than they
 * have of all its tracks.
 */
export class MissingSound {
  readonly #sounds = new Map<TrackId, Sound>();
  #all: readonly Sound[] = [];
  #video: VideoTrack | undefined;
  /** Of the latest picture. */
  #time: Ticks | undefined;

  /**
   * Hands out what belongs before `event`, if anything is missing there.
   * @returns false for sound that came so late that silence has its place
   */
  before(event: MediaEvent, write: (packet: Packet) => void): boolean {
    if (event.type === "packet") {
      if (event.track === this.#video?.id) {
        if (this.#sounds.size > 0) this.#pictureCame(this.#video, event, write);
        return true;
      }
      const sound = this.#sounds.get(event.track);
      if (!sound) return true;
      this.#noteLag(sound, event);
      if (isLate(sound, event)) return false;
      this.#came(sound, event, write);
    } else if (event.type === "tracks") {
      this.#time = undefined;
      this.#video = event.tracks.find((track) => track.kind === "video");
      const before = new Map(this.#sounds);
      this.#sounds.clear();
      for (const track of event.tracks) {
        if (track.kind === "audio") this.#sounds.set(track.id, begin(track, before.get(track.id)));
      }
      this.#all = [...this.#sounds.values()];
    }
    return true;
  }

  #came(sound: Sound, packet: Packet, write: (packet: Packet) => void): void {
    const { track } = sound;
    if (sound.silence) fill(sound, packet.dts - sound.silence.duration / 2, write);
    sound.silence = undefined;
    sound.data = packet.data;
    sound.end = packet.dts + (track.config.samplesPerPacket || packet.duration);
  }

  #noteLag(sound: Sound, packet: Packet): void {
    if (!this.#video || this.#time === undefined) return;
    const lag = this.#time / this.#video.timescale - packet.dts / sound.track.timescale;
    sound.lag = Math.max(sound.lag, lag);
  }

  #pictureCame(video: VideoTrack, { dts }: Packet, write: (packet: Packet) => void): void {
    const first = this.#time === undefined;
    this.#time = dts;
    for (const sound of this.#all) {
      const { track } = sound;
      const now = rescale(dts, video.timescale, track.timescale);
      if (first || sound.end === undefined) sound.end ??= now;
      const behind = (now - sound.end) / track.timescale;
      if (!sound.silence && behind > Math.max(MISSING, 2 * sound.lag)) {
        sound.silence = silenceFor(track.config, sound.data);
      }
      if (sound.silence) fill(sound, now - MARGIN * track.timescale, write);
    }
  }
}

const NOTHING = new Uint8Array(0);
/** A longer hole is none that silence could bridge; seconds. */
const LONGEST = 10;

/** The sound of an encoder that comes next has its place right behind that of the one before. */
function begin(track: AudioTrack, before: Sound | undefined): Sound {
  if (before?.end === undefined || before.track.timescale !== track.timescale) {
    return { track, data: NOTHING, end: undefined, lag: 0, silence: undefined, taken: undefined };
  }
  const { data, end } = before;
  return { track, data, end, lag: 0, silence: silenceFor(track.config, data), taken: undefined };
}

/** Whether silence has its place: players take times that go back for broken media. The sound is there again. */
function isLate(sound: Sound, { dts }: Packet): boolean {
  if (sound.taken === undefined || dts >= sound.taken) {
    sound.taken = undefined;
    return false;
  }
  sound.silence = undefined;
  return true;
}

/** Silence from where the sound ends to `until`. */
function fill(sound: Sound, until: Ticks, write: (packet: Packet) => void): void {
  const { track, silence } = sound;
  if (!silence || sound.end === undefined) return;
  if (until - sound.end > LONGEST * track.timescale) sound.end = until;
  for (; sound.end < until; sound.end += silence.duration) {
    const { data, duration } = silence;
    write({ type: "packet", track: track.id, dts: sound.end, pts: sound.end, duration, key: true, data });
    sound.taken = sound.end + duration / 2;
  }
}
