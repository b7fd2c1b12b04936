import { FollowingPackager } from "../../hls/following-packager.ts";
import { sameTracks } from "../../hls/muxed-tracks.ts";
import type { RenditionSink } from "../../hls/rendition.ts";
import type { FeedEvent, RungPosition } from "../../hls/rung-feed.ts";
import type { Packet } from "../../media/event.ts";
import type { Ticks } from "../../media/time.ts";
import type { AudioTrack, Track, VideoTrack } from "../../media/track.ts";
import type { MediaLibrary } from "../../media-process/library.ts";
import type { Rung, VideoRung } from "../rung.ts";
import type { Frame } from "./decoder.ts";
import { type FeedPosition, SeenCuts } from "./feed-position.ts";
import type { ShapedPicture } from "./fit.ts";
import type { FrameTimes } from "./frame-ledger.ts";
import { SLOW } from "./picture-source.ts";
import type { ScaledPictures } from "./scaled-pictures.ts";
import type { SoundKey } from "./sounds.ts";
import { pixelFormatFor, VideoEncoder } from "./video-encoder.ts";

export type RungMakerOptions = {
  readonly rung: Rung;
  /** What comes before was made by another. */
  readonly from?: RungPosition;
  /** Of the encoder. */
  readonly threads: number;
  readonly scaled: ScaledPictures;
  readonly sink: RenditionSink;
  /** What is in it, before its first part and at each change. */
  readonly onTracks: (tracks: readonly Track[]) => void;
};

/** The tracks of the source that a rung is made of; the sound as it goes into the rung. */
export type RungSource = {
  readonly video: VideoTrack | undefined;
  /** Frames per second of the source. */
  readonly frameRate: () => number;
  readonly audio: AudioTrack | undefined;
  /** What is done with the sound. */
  readonly sound: SoundKey;
};

const NOTHING: RungSource = { video: undefined, frameRate: () => 0, audio: undefined, sound: "none" };

/** Sound that waits for the first picture to be encoded, at most; packets. */
const MAX_HELD = 5000;

/** Makes one rung of pictures and sound, cut where the feed is cut. */
export class RungMaker {
  readonly rung: Rung;
  readonly #av: MediaLibrary;
  readonly #options: RungMakerOptions;
  readonly #packager: FollowingPackager;
  readonly #seen = new SeenCuts();
  #source = NOTHING;
  #encoder: VideoEncoder | undefined;
  /** What pictures are scaled to, once the first has said their shape. */
  #target: ShapedPicture | undefined;
  /** Sound that the packager cannot take yet. */
  #held: Packet[] | undefined = [];
  /** From there on it is made, seconds; undefined until the feed gets there. */
  #startsAt: number | undefined;
  #hasBegun = false;
  #needsKey = true;
  #lastPicture: Ticks = Number.NEGATIVE_INFINITY;
  #lastSound: Ticks = Number.NEGATIVE_INFINITY;
  #done = 0;
  #frames = 0;

  constructor(av: MediaLibrary, options: RungMakerOptions) {
    this.#av = av;
    this.#options = options;
    this.rung = options.rung;
    if (!options.from) this.#startsAt = Number.NEGATIVE_INFINITY;
    this.#packager = new FollowingPackager({ from: options.from }, options.sink);
  }

  /** Pictures encoded. */
  get frames(): number {
    return this.#frames;
  }

  /** Decoding time of the latest picture that came out, in seconds; undefined before the first. */
  get done(): number | undefined {
    return this.#frames > 0 ? this.#done : undefined;
  }

  get source(): RungSource {
    return this.#source;
  }

  /** What it is made of from here on. */
  setSource(source: RungSource): void {
    const before = this.#source;
    this.#source = source;
    const isSameSound = sameTracks({ audio: source.audio }, { audio: before.audio });
    if (this.rung.kind === "audio") {
      if (source.audio && !isSameSound) this.#setTracks(undefined, source.audio);
      return;
    }
    const encoder = this.#encoder;
    if (!encoder) return;
    const isSamePlace = source.video?.id === before.video?.id && source.video?.timescale === before.video?.timescale;
    if (isSamePlace && isSameSound) return;
    encoder.drain();
    if (isSamePlace) this.#setTracks(encoder.track, source.audio);
    else this.#closeEncoder();
  }

  /** Whether a feed began for it. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Whether it has made already what comes next. */
  isReplaying(position: FeedPosition): boolean {
    return this.#seen.isReplaying(position);
  }

  /** Where the feed is. */
  locate(position: FeedPosition): void {
    const { from } = this.#options;
    if (this.#startsAt === undefined && from && position.hasReached(from)) this.#startsAt = position.start;
  }

  /** The feed's beginning, and its cuts; those that it has seen are passed over. */
  follow(event: FeedEvent, position: FeedPosition): void {
    if (event.type === "begin") this.#hasBegun = true;
    if (!this.#hasBegun) return;
    this.locate(position);
    if (!this.#seen.isNew(event, position)) return;
    if (event.type === "break" || event.type === "end") this.#finish();
    this.#packager.follow(event);
  }

  /** The next picture of the source. What it has encoded already is passed over. */
  picture(frame: Frame, times: FrameTimes): void {
    const { rung } = this;
    const { video } = this.#source;
    if (rung.kind !== "video" || !video || !this.#hasBegun || this.#startsAt === undefined) return;
    if (times.dts <= this.#lastPicture || times.dts / video.timescale < this.#startsAt - 1e-6) return;
    const isKey = times.startsSegment || this.#needsKey;
    if (!isKey && times.index % rung.frameDivisor !== 0) return;
    const isSlow = times.dts - this.#lastPicture > SLOW * video.timescale * rung.frameDivisor;
    const isFirst = this.#lastPicture === Number.NEGATIVE_INFINITY;
    this.#lastPicture = times.dts;
    this.#needsKey = false;
    // Looking ahead would take seconds then.
    if (!isFirst && isSlow) this.#encoder?.setImmediate(true);
    else if (isKey) this.#encoder?.setImmediate(false);
    this.#encode(rung, video, frame, times, isKey);
  }

  /** A packet of the sound, as it goes into the rung. */
  sound(packet: Packet): void {
    if (!this.#hasBegun || packet.dts <= this.#lastSound || packet.track !== this.#source.audio?.id) return;
    this.#lastSound = packet.dts;
    if (!this.#held) this.#packager.write(packet);
    else if (this.#held.length < MAX_HELD) this.#held.push(packet);
  }

  /** No picture with a dts below this will come any more. */
  complete(upTo: Ticks): void {
    if (this.rung.kind === "video" && this.#encoder) this.#packager.complete(this.#encoder.next ?? upTo);
  }

  close(): void {
    this.#encoder?.close();
    this.#encoder = undefined;
  }

  #encode(rung: VideoRung, video: VideoTrack, frame: Frame, times: FrameTimes, isKey: boolean): void {
    const { scaled, threads } = this.#options;
    const { width, height } = rung;
    this.#target ??= { width, height, sar: scaled.format?.sar ?? { width: 1, height: 1 } };
    const picture = scaled.scale(frame, this.#target, pixelFormatFor(rung.encoder));
    const encoder = (this.#encoder ??= this.#openEncoder(rung, video, picture, threads));
    encoder.write(picture, times.dts, times.pts, isKey);
  }

  #openEncoder(rung: VideoRung, video: VideoTrack, first: Frame, threads: number): VideoEncoder {
    const { id, timescale } = video;
    const frameRate = this.#source.frameRate() / rung.frameDivisor;
    const onPacket = (packet: Packet) => {
      this.#frames++;
      this.#done = packet.dts / timescale;
      this.#packager.write(packet);
    };
    const encoder = new VideoEncoder(this.#av, { rung, track: id, timescale, frameRate, threads, onPacket }, first);
    this.#setTracks(encoder.track, this.#source.audio);
    return encoder;
  }

  #setTracks(video: VideoTrack | undefined, audio: AudioTrack | undefined): void {
    const tracks: Track[] = [];
    if (video) tracks.push(video);
    if (audio) tracks.push(audio);
    this.#options.onTracks(tracks);
    this.#packager.setTracks({ video, audio });
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const packet of held) if (packet.track === audio?.id) this.#packager.write(packet);
  }

  /** Gives out what is under way: what comes next does not continue it. */
  #finish(): void {
    this.#encoder?.drain();
    this.#packager.complete(Number.POSITIVE_INFINITY);
    this.#needsKey = true;
  }

  #closeEncoder(): void {
    this.#encoder?.close();
    this.#encoder = undefined;
    this.#held = [];
    this.#needsKey = true;
  }
}
