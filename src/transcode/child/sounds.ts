import type { Packet } from "../../media/event.ts";
import type { AudioTrack } from "../../media/track.ts";
import type { MediaLibrary } from "../../media-process/library.ts";
import type { RungAudio } from "../rung.ts";
import { AudioTranscoder } from "./audio-transcoder.ts";

/** What is done with the sound, in one word: rungs that say the same share it. */
export type SoundKey = string;

export function soundKey(audio: RungAudio | undefined): SoundKey {
  if (!audio) return "none";
  return audio.codec === "copy" ? "copy" : `aac ${audio.bitrate} ${audio.channels}`;
}

/** The sound of a source in the forms that rungs want, each made once. */
export class Sounds {
  readonly #av: MediaLibrary;
  readonly #onPacket: (key: SoundKey, packet: Packet) => void;
  readonly #onFault: (key: SoundKey, error: unknown) => void;
  readonly #transcoders = new Map<SoundKey, AudioTranscoder>();
  #errors = 0;

  /** @param onFault one form cannot be made any longer */
  constructor(
    av: MediaLibrary,
    onPacket: (key: SoundKey, packet: Packet) => void,
    onFault: (key: SoundKey, error: unknown) => void,
  ) {
    this.#av = av;
    this.#onPacket = onPacket;
    this.#onFault = onFault;
  }

  /** Packets that could not be decoded. */
  get errors(): number {
    let errors = this.#errors;
    for (const transcoder of this.#transcoders.values()) errors += transcoder.errors;
    return errors;
  }

  /** The track that a rung has, from here on; undefined where it has none. @throws MediaFault when it cannot be made */
  trackFor(audio: RungAudio | undefined, source: AudioTrack | undefined): AudioTrack | undefined {
    if (!audio || !source) return undefined;
    if (audio.codec === "copy") return source;
    const key = soundKey(audio);
    const present = this.#transcoders.get(key);
    if (present) return present.track;
    const { bitrate, channels } = audio;
    const onPacket = (packet: Packet) => this.#onPacket(key, packet);
    const made = new AudioTranscoder(this.#av, { source, bitrate, channels, onPacket });
    this.#transcoders.set(key, made);
    return made.track;
  }

  /** A packet of the source. */
  write(packet: Packet): void {
    this.#onPacket("copy", packet);
    this.#each((transcoder) => transcoder.write(packet));
  }

  /** Gives out what is under way; what comes next does not continue it. */
  drain(): void {
    this.#each((transcoder) => transcoder.drain());
  }

  /** Forgets all. */
  close(): void {
    this.#errors = this.errors;
    for (const transcoder of this.#transcoders.values()) transcoder.close();
    this.#transcoders.clear();
  }

  #each(work: (transcoder: AudioTranscoder) => void): void {
    for (const [key, transcoder] of this.#transcoders) {
      try {
        work(transcoder);
      } catch (error) {
        this.#transcoders.delete(key);
        this.#errors += transcoder.errors;
        transcoder.close();
        this.#onFault(key, error);
      }
    }
  }
}
