import { encodeOpusHead } from "../../codecs/opus/config.ts";
import type { Packet } from "../../media/event.ts";
import { type Millis, rescale, type Ticks } from "../../media/time.ts";
import type { AudioTrack, Track, VideoTrack } from "../../media/track.ts";
import { encodeAmf0 } from "../amf/amf0.ts";
import { AmfEcmaArray } from "../amf/value.ts";
import { type AudioFourCc, encodeAudioTag } from "./audio-tag.ts";
import { encodeMetadata } from "./metadata.ts";
import { TagType } from "./tag.ts";
import { encodeVideoTag, type VideoFourCc } from "./video-tag.ts";

/** One message of RTMP, or one tag of FLV. Its body is `head` and `data`. */
export type FlvMessage = {
  readonly type: 8 | 9 | 18;
  /** Milliseconds, not wrapped. Never goes back among the messages of one type, but for metadata, which has none: 0. */
  readonly time: Millis;
  /** Since the message of the same type before; 0 for the first. */
  readonly delta: Millis;
  /** The same two where messages of all types share one clock that never goes back. */
  readonly mixedTime: Millis;
  readonly mixedDelta: Millis;
  /**
   * `head`: what a player must have before the media: metadata, sequence headers. `key`: a picture to begin with. `early`: sound
   * from before what its head came with; its time is that of the head.
   */
  readonly role: "head" | "key" | "media" | "early";
  readonly head: Uint8Array;
  /** A view of the packet. */
  readonly data: Uint8Array;
};

export type FlvMuxerOptions = {
  /** Whether the player can do anything with a codec that has no number in the classic headers. */
  readonly accepts: (fourCc: string) => boolean;
  /** `on`: made from the tracks; `copy`: the encoder's as it came; `off`: none. */
  readonly metadata: "on" | "copy" | "off";
  /** The encoder's metadata as far as it is known. */
  readonly described: () => Readonly<Record<string, unknown>>;
  /** Added to the metadata, such as the duration of a file. */
  readonly facts?: Readonly<Record<string, number>>;
  /** Added to all times: a stream may go on where another one of the same name has ended. */
  readonly shift: () => Millis;
};

const EMPTY = new Uint8Array(0);

const VIDEO_FOURCCS: Readonly<Record<VideoTrack["config"]["codec"], VideoFourCc>> = {
  h264: "avc1",
  hevc: "hvc1",
  av1: "av01",
  vp9: "vp09",
};
const AUDIO_FOURCCS: Readonly<Record<AudioTrack["config"]["codec"], AudioFourCc>> = {
  aac: "mp4a",
  mp3: ".mp3",
  opus: "Opus",
  flac: "fLaC",
  ac3: "ac-3",
  eac3: "ec-3",
};
/** Those that every player knows: classic headers have a number for them. */
const CLASSIC: readonly string[] = ["avc1", "mp4a", ".mp3"];

/**
 * Turns packets into FLV messages: H.264, AAC and MP3 with classic headers (FLV 10.1 E.4), all else with enhanced ones. Of several
 * tracks of a kind the first is taken. Before the first packet, and again whenever the tracks change, come metadata and
 * sequence headers.
 */
export class FlvMuxer {
  readonly #options: FlvMuxerOptions;
  #video: { readonly track: VideoTrack; readonly codec: VideoFourCc } | undefined;
  #audio: { readonly track: AudioTrack; readonly codec: AudioFourCc } | undefined;
  #headDue = false;
  #lastVideo: Millis | undefined;
  #lastAudio: Millis | undefined;
  #lastScript: Millis | undefined;
  #lastMixed: Millis | undefined;

  constructor(options: FlvMuxerOptions) {
    this.#options = options;
  }

  get hasVideo(): boolean {
    return this.#video !== undefined;
  }

  /** Time of the latest message of any type; undefined when there was none. */
  get lastTime(): Millis | undefined {
    if (this.#lastVideo === undefined) return this.#lastAudio;
    return this.#lastAudio === undefined ? this.#lastVideo : Math.max(this.#lastVideo, this.#lastAudio);
  }

  /** Metadata and sequence headers go out with the next packet. */
  get headDue(): boolean {
    return this.#headDue;
  }

  get lastMixed(): Millis | undefined {
    return this.#lastMixed;
  }

  /** Time of the latest message of a type. */
  last(type: FlvMessage["type"]): Millis | undefined {
    if (type === TagType.video) return this.#lastVideo;
    return type === TagType.audio ? this.#lastAudio : this.#lastScript;
  }

  setTracks(tracks: readonly Track[]): void {
    const video = tracks.find((track): track is VideoTrack => track.kind === "video");
    const audio = tracks.find((track): track is AudioTrack => track.kind === "audio");
    const videoCodec = video && VIDEO_FOURCCS[video.config.codec];
    const audioCodec = audio && AUDIO_FOURCCS[audio.config.codec];
    this.#video = video && videoCodec && this.#takes(videoCodec) ? { track: video, codec: videoCodec } : undefined;
    this.#audio = audio && audioCodec && this.#takes(audioCodec) ? { track: audio, codec: audioCodec } : undefined;
    this.#headDue = true;
  }

  /** Appends the messages of a packet; none when its track is not taken. */
  packet(packet: Packet, out: FlvMessage[]): void {
    if (packet.track === this.#video?.track.id) {
      const { codec } = this.#video;
      const decodingTime = toMillis(packet.dts, this.#video.track.timescale);
      const compositionTime = toMillis(packet.pts, this.#video.track.timescale) - decodingTime;
      const time = decodingTime + this.#options.shift();
      if (this.#headDue) this.head(time, out);
      const key = packet.key;
      const head = encodeVideoTag({ type: "frames", track: 0, codec, key, compositionTime, nanos: 0, data: EMPTY });
      out.push(this.#message(TagType.video, time, key ? "key" : "media", head, packet.data));
    } else if (packet.track === this.#audio?.track.id) {
      const { codec, track } = this.#audio;
      const time = toMillis(packet.dts, track.timescale) + this.#options.shift();
      if (this.#headDue) this.head(time, out);
      const role = time < (this.#lastAudio ?? time) ? "early" : "media";
      out.push(this.#message(TagType.audio, time, role, audioHead(codec, track), packet.data));
    }
  }

  /** Appends script data, from its name on in AMF0. It goes by the time of the media, which it may not get ahead of. */
  script(payload: Uint8Array, out: FlvMessage[]): void {
    const time = this.lastTime;
    if (time !== undefined && !this.#headDue) out.push(this.#message(TagType.script, time, "media", EMPTY, payload));
  }

  /** Appends metadata and sequence headers for who begins at this time. */
  head(time: Millis, out: FlvMessage[]): void {
    this.#headDue = false;
    const metadata = this.#metadata();
    // FFmpeg takes metadata of another time than 0 for a track of text.
    const untimed = { time: 0, delta: 0, mixedTime: 0, mixedDelta: 0 };
    if (metadata) out.push({ type: TagType.script, ...untimed, role: "head", head: EMPTY, data: metadata });
    const video = this.#video;
    if (video) {
      const { record } = video.track.config;
      // FFmpeg writes and GPAC reads the FullBox header of vpcC with it.
      const stored = video.codec === "vp09" ? Uint8Array.of(1, 0, 0, 0, ...record) : record;
      const head = encodeVideoTag({ type: "config", track: 0, codec: video.codec, record: EMPTY });
      out.push(this.#message(TagType.video, this.#lastVideo ?? time, "head", head, stored));
    }
    const audio = this.#audio;
    const record = audio && audioRecord(audio.track);
    if (audio && record) {
      const head = encodeAudioTag({ type: "config", track: 0, codec: audio.codec, record: EMPTY });
      out.push(this.#message(TagType.audio, this.#lastAudio ?? time, "head", head, record));
    }
  }

  #takes(codec: string): boolean {
    return CLASSIC.includes(codec) || this.#options.accepts(codec);
  }

  #metadata(): Uint8Array | undefined {
    const { metadata, described, facts } = this.#options;
    if (metadata === "off") return undefined;
    const { entries } = encodeMetadata(this.#video, this.#audio, described(), metadata === "copy");
    return encodeAmf0("onMetaData", new AmfEcmaArray({ ...facts, ...entries }));
  }

  #message(type: 8 | 9 | 18, wanted: Millis, role: FlvMessage["role"], head: Uint8Array, data: Uint8Array): FlvMessage {
    const last = this.last(type);
    const time = last === undefined ? wanted : Math.max(wanted, last);
    if (type === TagType.video) this.#lastVideo = time;
    else if (type === TagType.audio) this.#lastAudio = time;
    else this.#lastScript = time;
    const lastMixed = this.#lastMixed ?? time;
    const mixedTime = Math.max(time, lastMixed);
    this.#lastMixed = mixedTime;
    const delta = last === undefined ? 0 : time - last;
    return { type, time, delta, mixedTime, mixedDelta: mixedTime - lastMixed, role, head, data };
  }
}

function toMillis(ticks: Ticks, timescale: number): Millis {
  return rescale(ticks, timescale, 1000);
}

const AAC_HEAD = Uint8Array.of(0xaf, 1);

function audioHead(codec: AudioFourCc, { config }: AudioTrack): Uint8Array {
  if (codec === "mp4a") return AAC_HEAD;
  const head = encodeAudioTag({ type: "frames", track: 0, codec, nanos: 0, data: EMPTY });
  if (codec !== ".mp3") return head;
  // SoundRate and SoundType (E.4.2.1).
  const rate = config.sampleRate >= 44_100 ? 3 : config.sampleRate >= 22_050 ? 2 : 1;
  return Uint8Array.of(0x20 | (rate << 2) | 2 | (config.channels > 1 ? 1 : 0));
}

/** The sequence header's body; undefined for codecs that have none. */
function audioRecord({ config }: AudioTrack): Uint8Array | undefined {
  switch (config.codec) {
    case "aac":
      return config.record;
    case "opus":
      return encodeOpusHead(config);
    case "flac":
      // "fLaC" and the header of the only, so last, metadata block (RFC 9639 8.1).
      return Uint8Array.of(0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, config.record.length, ...config.record);
    default:
      return undefined;
  }
}
