import { sameBytes } from "../../bytes/same-bytes.ts";
import { decodeAdts } from "../../codecs/aac/adts.ts";
import { decodeAacConfig } from "../../codecs/aac/config.ts";
import { decodeAc3Config, decodeEac3Config } from "../../codecs/ac3/config.ts";
import { decodeFlacConfig } from "../../codecs/flac/config.ts";
import { decodeMp3Config } from "../../codecs/mp3/frame.ts";
import { decodeOpusHead, opusConfig } from "../../codecs/opus/config.ts";
import { audioTimescale } from "../../codecs/timescale.ts";
import type { AudioConfig } from "../../media/track.ts";
import type { AudioFourCc } from "./audio-tag.ts";

/** One audio track of a publish: its configuration, from sequence headers or from the frames, and its timescale. */
export class AudioInput {
  #codec: AudioFourCc;
  #config: AudioConfig | undefined;
  #timescale = 0;
  #header: Uint8Array | undefined;
  /** Of a multichannel config, for Opus without a head. */
  #channels = 2;

  /** @param onChange called when `config` has changed */
  constructor(
    codec: AudioFourCc,
    private readonly onChange: () => void,
  ) {
    this.#codec = codec;
  }

  get config(): AudioConfig | undefined {
    return this.#config;
  }

  /** Ticks per second; 0 while there is no config. */
  get timescale(): number {
    return this.#timescale;
  }

  /** A sequence header; one that repeats changes nothing. @throws MalformedError */
  configure(codec: AudioFourCc, record: Uint8Array): void {
    if (codec === this.#codec && this.#header && sameBytes(this.#header, record)) return;
    this.#switchTo(codec);
    this.#header = record;
    if (codec === "mp4a") this.#setConfig(decodeAacConfig(record));
    else if (codec === "fLaC") this.#setConfig(decodeFlacConfig(record));
    // An empty head is allowed: a multichannel config follows, or it is stereo.
    else if (codec === "Opus" && record.length > 0) this.#setConfig(decodeOpusHead(record));
  }

  /** A multichannel config. Only Opus without a head needs it; the other codecs say it themselves. @throws MalformedError */
  setChannels(codec: AudioFourCc, count: number): void {
    this.#channels = count;
    if (codec === "Opus" && codec === this.#codec && this.#header?.length === 0) this.#setConfig(opusConfig(count));
  }

  /** Takes what a frame says of the configuration; undefined for a frame without bytes (silence). @throws MalformedError */
  frame(codec: AudioFourCc, data: Uint8Array): Uint8Array | undefined {
    if (codec !== this.#codec) this.#switchTo(codec);
    if (data.length === 0) return undefined;
    if (codec === "mp4a" && isAdts(data)) return this.#adtsFrame(data);
    if (codec === ".mp3") this.#follow(decodeMp3Config(data));
    else if (codec === "ac-3") this.#follow(decodeAc3Config(data));
    else if (codec === "ec-3") this.#follow(decodeEac3Config(data));
    else if (codec === "Opus" && !this.#config) this.#setConfig(opusConfig(this.#channels));
    return data;
  }

  /** Some encoders leave the ADTS header on, and may send no AudioSpecificConfig then. */
  #adtsFrame(data: Uint8Array): Uint8Array {
    const frame = decodeAdts(data);
    if (!this.#config) this.#setConfig(decodeAacConfig(frame.asc));
    return frame.data;
  }

  /** Bit rates may change from frame to frame; only what outputs must know makes another configuration. */
  #follow(config: AudioConfig): void {
    const before = this.#config;
    const same =
      before !== undefined &&
      before.codec === config.codec &&
      before.sampleRate === config.sampleRate &&
      before.channels === config.channels &&
      before.samplesPerPacket === config.samplesPerPacket;
    if (!same) this.#setConfig(config);
  }

  #switchTo(codec: AudioFourCc): void {
    if (codec === this.#codec) return;
    this.#codec = codec;
    this.#config = undefined;
    this.#header = undefined;
    this.#timescale = 0;
    this.#channels = 2;
  }

  #setConfig(config: AudioConfig): void {
    const before = this.#config;
    this.#timescale = audioTimescale(config);
    this.#config = config;
    const same =
      before !== undefined &&
      before.codec === config.codec &&
      before.sampleRate === config.sampleRate &&
      before.channels === config.channels &&
      sameBytes(before.record, config.record);
    if (!same) this.onChange();
  }
}

/** An ADTS header of this frame's length: a raw frame cannot begin so, its first element would be the end (14496-3 4.5.2.1). */
function isAdts(data: Uint8Array): boolean {
  if (data.length < 7 || data[0] !== 0xff || ((data[1] as number) & 0xf6) !== 0xf0) return false;
  const length = (((data[3] as number) & 3) << 11) | ((data[4] as number) << 3) | ((data[5] as number) >> 5);
  return length === data.length;
}
