import { MalformedError } from "../../bytes/errors.ts";
import type { MediaEvent, MediaSink } from "../../media/event.ts";
import { type Millis, unwrap32 } from "../../media/time.ts";
import { type Track, type TrackId, VIDEO_TIMESCALE } from "../../media/track.ts";
import type { AmfObject } from "../amf/value.ts";
import { AudioInput } from "./audio-input.ts";
import { type AudioFourCc, type AudioTag, decodeAudioTag } from "./audio-tag.ts";
import { decodeColorInfo } from "./color-info.ts";
import { HeldMedia } from "./held-media.ts";
import { decodeScriptData, metadataOf } from "./script-data.ts";
import { TagType } from "./tag.ts";
import { type TrackInfo, type TrackInfoMaps, trackInfoOf } from "./track-info.ts";
import { VideoInput, type VideoInputCodec } from "./video-input.ts";
import { decodeVideoTag, type VideoFourCc, type VideoTag } from "./video-tag.ts";

/** The track of script data. Always listed, so that data which comes late does not change the tracks. */
export const DATA_TRACK: TrackId = 1000;
const DATA_TIMESCALE = 1000;

/** Tracks of each kind that one publish may have. */
const MAX_TRACKS = 16;
export type FlvDemuxerOptions = {
  readonly onEvent: MediaSink;
  /** The object of an onMetaData message. */
  readonly onMetadata?: (metadata: AmfObject) => void;
  /** A message was left out, for this reason. May be called for each one. */
  readonly onSkipped?: (reason: string) => void;
  /** A codec or form that is not supported; called once for each. */
  readonly onUnsupported?: (what: string) => void;
};

/**
 * Turns FLV tags, from RTMP messages or a file, into media events. Video track n is n * 2, audio track n is n * 2 + 1.
 *
 * `tracks` comes when video, audio and all tracks that metadata announces are known, or one of them and some media; and again
 * before the first packet that needs it whenever a configuration changes, or a further track has ended. Times are unwrapped and
 * in ticks, not repaired. Broken messages are skipped, in a message of several tracks the broken part.
 */
export class FlvDemuxer {
  readonly #options: FlvDemuxerOptions;
  readonly #videos = new Map<number, VideoInput>();
  readonly #audios = new Map<number, AudioInput>();
  readonly #unsupported = new Set<string>();
  #info: TrackInfoMaps = trackInfoOf({});
  #time: Millis | undefined;
  #open = false;
  #tracksChanged = false;
  readonly #held = new HeldMedia();

  constructor(options: FlvDemuxerOptions) {
    this.#options = options;
  }

  /** One tag: `type` 8, 9 or 18, `timestamp` in milliseconds modulo 2^32. The packets keep views of `body`. */
  push(type: number, timestamp: number, body: Uint8Array, now: Millis): void {
    const time = this.#time === undefined ? timestamp : unwrap(this.#time, timestamp);
    this.#time = time;
    try {
      if (type === TagType.video) this.#videoTags(decodeVideoTag(body), time, now);
      else if (type === TagType.audio) this.#audioTags(decodeAudioTag(body), time, now);
      else if (type === TagType.script) this.#script(body, time, now);
    } catch (error) {
      this.#skip(type, error);
    }
  }

  /** The publish is over: what waited for the other medium goes out. */
  end(now: Millis): void {
    if (!this.#open && this.#held.hasMedia) this.#openNow(now);
  }

  /** What is wrong with one track's part of a message is not the others' fault. */
  #videoTags(tags: readonly VideoTag[], time: Millis, now: Millis): void {
    for (const tag of tags) {
      try {
        this.#video(tag, time, now);
      } catch (error) {
        this.#skip(TagType.video, error);
      }
    }
  }

  #audioTags(tags: readonly AudioTag[], time: Millis, now: Millis): void {
    for (const tag of tags) {
      try {
        this.#audio(tag, time, now);
      } catch (error) {
        this.#skip(TagType.audio, error);
      }
    }
  }

  #skip(type: number, error: unknown): void {
    if (!(error instanceof MalformedError)) throw error;
    this.#options.onSkipped?.(`${nameOf(type)} message: ${error.message}`);
  }

  #video(tag: VideoTag, time: Millis, now: Millis): void {
    if (tag.type === "command") return;
    if (tag.type === "end") {
      this.#endTrack(this.#videos, tag.track);
      return;
    }
    if (tag.type === "unsupported" || !isInputCodec(tag.codec)) {
      this.#leaveOut(tag.type === "unsupported" ? tag.what : `video codec ${tag.codec}`);
      return;
    }
    const input = this.#videoInput(tag.track, tag.codec);
    switch (tag.type) {
      case "config":
        input.configure(tag.codec, tag.record);
        break;
      case "metadata": {
        const info = decodeColorInfo(tag.values);
        if (info) input.setColour(info.colour);
        break;
      }
      case "frames": {
        const frame = input.frame(tag.codec, tag.data);
        if (!frame) return;
        if (!input.config) throw new MalformedError(`${tag.codec} frame before its configuration`);
        const dts = time * (VIDEO_TIMESCALE / 1000);
        const nanos = tag.nanos === 0 ? 0 : Math.round((tag.nanos * VIDEO_TIMESCALE) / 1e9);
        const pts = dts + tag.compositionTime * (VIDEO_TIMESCALE / 1000) + nanos;
        this.#packet(tag.track * 2, dts, pts, frame.key, frame.data, time, now);
      }
    }
  }

  #audio(tag: AudioTag, time: Millis, now: Millis): void {
    if (tag.type === "end") {
      this.#endTrack(this.#audios, tag.track);
      return;
    }
    if (tag.type === "unsupported") {
      this.#leaveOut(tag.what);
      return;
    }
    const input = this.#audioInput(tag.track, tag.codec);
    switch (tag.type) {
      case "config":
        input.configure(tag.codec, tag.record);
        break;
      case "channels":
        input.setChannels(tag.codec, tag.count);
        break;
      case "frames": {
        const data = input.frame(tag.codec, tag.data);
        if (!data) return;
        if (!input.config) throw new MalformedError(`${tag.codec} frame before its configuration`);
        const dts = Math.round((time * input.timescale) / 1000);
        const pts = tag.nanos === 0 ? dts : dts + Math.round((tag.nanos * input.timescale) / 1e9);
        this.#packet(tag.track * 2 + 1, dts, pts, true, data, time, now);
      }
    }
  }

  #script(body: Uint8Array, time: Millis, now: Millis): void {
    if (body.length === 0) return;
    const data = decodeScriptData(body);
    const metadata = metadataOf(data);
    if (metadata) {
      this.#describe(trackInfoOf(metadata));
      this.#options.onMetadata?.(metadata);
    }
    // Names that begin with @ or | are for the server, and onMetaData is not timed.
    else if (data.name !== "" && !/^([@|]|onmetadata$)/i.test(data.name)) {
      this.#write(
        { type: "data", track: DATA_TRACK, pts: time, kind: "amf", value: data.payload },
        data.payload.length,
        time,
        now,
      );
    }
  }

  #describe(info: TrackInfoMaps): void {
    const before = this.#info;
    // Metadata that comes again may say only what is new.
    const video = info.video.size > 0 ? info.video : before.video;
    const audio = info.audio.size > 0 ? info.audio : before.audio;
    if (!sameInfo(video, before.video) || !sameInfo(audio, before.audio)) this.#tracksChanged = true;
    this.#info = { video, audio };
  }

  /** The first track of a kind may begin a sequence anew at once, and the stream is not without it meanwhile. */
  #endTrack(inputs: Map<number, unknown>, track: number): void {
    if (track > 0 && inputs.delete(track)) this.#tracksChanged = true;
  }

  #packet(track: TrackId, dts: number, pts: number, key: boolean, data: Uint8Array, time: Millis, now: Millis): void {
    this.#write({ type: "packet", track, dts, pts, duration: 0, key, data }, data.length, time, now);
  }

  #write(event: MediaEvent, bytes: number, time: Millis, now: Millis): void {
    if (this.#open) {
      if (this.#tracksChanged) this.#writeTracks(now);
      this.#options.onEvent(event, now);
      return;
    }
    this.#held.push(event, bytes, time, now);
    const { video, audio } = this.#info;
    const isComplete = this.#areKnown(this.#videos, video) && this.#areKnown(this.#audios, audio);
    if (this.#held.hasMedia && (isComplete || this.#held.isOverdue(time, now))) this.#openNow(now);
  }

  #areKnown(inputs: ReadonlyMap<number, Input>, announced: ReadonlyMap<number, TrackInfo>): boolean {
    for (const n of announced.keys()) if (!inputs.get(n)?.config) return false;
    for (const input of inputs.values()) if (input.config) return true;
    return false;
  }

  #openNow(now: Millis): void {
    this.#open = true;
    this.#writeTracks(now);
    for (const event of this.#held.take()) this.#options.onEvent(event, now);
  }

  #writeTracks(now: Millis): void {
    this.#tracksChanged = false;
    const tracks: Track[] = [];
    for (const [n, input] of this.#videos) {
      const { config } = input;
      const info = this.#info.video.get(n);
      if (config) tracks.push({ id: n * 2, kind: "video", timescale: VIDEO_TIMESCALE, config, ...info });
    }
    for (const [n, input] of this.#audios) {
      const { config, timescale } = input;
      const info = this.#info.audio.get(n);
      if (config) tracks.push({ id: n * 2 + 1, kind: "audio", timescale, config, ...info });
    }
    tracks.sort((a, b) => a.id - b.id);
    tracks.push({ id: DATA_TRACK, kind: "data", timescale: DATA_TIMESCALE });
    this.#options.onEvent({ type: "tracks", tracks }, now);
  }

  readonly #onChange = (): void => {
    this.#tracksChanged = true;
  };

  #videoInput(n: number, codec: VideoInputCodec): VideoInput {
    let input = this.#videos.get(n);
    if (!input) {
      if (this.#videos.size >= MAX_TRACKS) throw new MalformedError(`more than ${MAX_TRACKS} video tracks`);
      input = new VideoInput(codec, this.#onChange);
      this.#videos.set(n, input);
    }
    return input;
  }

  #audioInput(n: number, codec: AudioFourCc): AudioInput {
    let input = this.#audios.get(n);
    if (!input) {
      if (this.#audios.size >= MAX_TRACKS) throw new MalformedError(`more than ${MAX_TRACKS} audio tracks`);
      input = new AudioInput(codec, this.#onChange);
      this.#audios.set(n, input);
    }
    return input;
  }

  #leaveOut(what: string): void {
    if (this.#unsupported.has(what) || this.#unsupported.size >= MAX_TRACKS) return;
    this.#unsupported.add(what);
    this.#options.onUnsupported?.(what);
  }
}

/** A step this near to half of the 32 bits, in milliseconds, is none that media makes. */
const WRAP_WINDOW = 65_536;

/** Continues the time over the end of 32 bits, and of the 31 bits to which FFmpeg cuts its timestamps. */
function unwrap(previous: Millis, timestamp: number): Millis {
  const next = unwrap32(previous, timestamp);
  const step = next - previous;
  if (step < WRAP_WINDOW - 2 ** 31) return next + 2 ** 31;
  if (step > 2 ** 31 - WRAP_WINDOW) return next - 2 ** 31;
  return next;
}

type Input = { readonly config: object | undefined };

function sameInfo(a: ReadonlyMap<number, TrackInfo>, b: ReadonlyMap<number, TrackInfo>): boolean {
  if (a.size !== b.size) return false;
  for (const [n, { language, label }] of a) {
    const other = b.get(n);
    if (!other || other.language !== language || other.label !== label) return false;
  }
  return true;
}

function isInputCodec(codec: VideoFourCc): codec is VideoInputCodec {
  return codec !== "vvc1" && codec !== "vp08";
}

function nameOf(type: number): string {
  return type === TagType.video ? "video" : type === TagType.audio ? "audio" : "data";
}
