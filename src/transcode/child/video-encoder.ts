import { ParameterSets } from "../../hls/parameter-sets.ts";
import type { Packet } from "../../media/event.ts";
import type { Ticks } from "../../media/time.ts";
import type { TrackId, VideoConfig, VideoTrack } from "../../media/track.ts";
import type { MediaLibrary } from "../../media-process/library.ts";
import type { VideoRung } from "../rung.ts";
import { configOfEncoder, toCanonicalPicture } from "./coded-picture.ts";
import type { Frame } from "./decoder.ts";
import { encoderOptions } from "./encoder-options.ts";
import { MediaFault, must } from "./media-fault.ts";

export type VideoEncoderOptions = {
  readonly rung: VideoRung;
  readonly track: TrackId;
  readonly timescale: number;
  /** Frames per second of what it is given; undefined when nobody knows. */
  readonly frameRate: number | undefined;
  readonly threads: number;
  readonly onPacket: (packet: Packet) => void;
};

/** Encodes the pictures of one rung. Their decoding times are handed in, and given out in order. */
export class VideoEncoder {
  readonly #av: MediaLibrary;
  readonly #options: VideoEncoderOptions;
  readonly #first: Frame;
  readonly #coded: InstanceType<MediaLibrary["Packet"]>;
  #context: InstanceType<MediaLibrary["CodecContext"]>;
  readonly #config: VideoConfig;
  /** Decoding times of the pictures under way. */
  #pending: Ticks[] = [];
  #lastPts = Number.NEGATIVE_INFINITY;
  readonly #parameterSets = new ParameterSets();
  /** It was emptied, and can take no more. */
  #isDrained = false;
  #isImmediate = false;

  /** @param first a picture like those to come: size, format, colours. @throws MediaFault, MalformedError when it cannot be set up so */
  constructor(av: MediaLibrary, options: VideoEncoderOptions, first: Frame) {
    this.#av = av;
    this.#options = options;
    this.#coded = new av.Packet();
    this.#coded.alloc();
    this.#first = new av.Frame();
    this.#first.alloc();
    this.#first.ref(first);
    this.#context = this.#open();
    this.#config = configOfEncoder(options.rung.codec, extradataOf(this.#context));
    this.#parameterSets.set(this.#config);
  }

  /** Decoding time of the earliest picture under way. */
  get next(): Ticks | undefined {
    return this.#pending[0];
  }

  /** What it makes. */
  get track(): VideoTrack {
    const { track, timescale, frameRate } = this.#options;
    const config = this.#config;
    const rate = config.frameRate ?? frameRate;
    return {
      kind: "video",
      id: track,
      timescale,
      config: rate === undefined ? config : { ...config, frameRate: rate },
    };
  }

  /** @param frame is not kept as it is; a picture that is not behind the one before it is left out */
  write(frame: Frame, dts: Ticks, pts: Ticks, isKey: boolean): void {
    if (pts <= this.#lastPts) return;
    this.#lastPts = pts;
    const begins = this.#isDrained;
    if (begins) this.#reopen();
    frame.pts = BigInt(pts);
    frame.pictType = isKey || begins ? this.#av.AV_PICTURE_TYPE_I : this.#av.AV_PICTURE_TYPE_NONE;
    this.#pending.push(dts);
    must(this.#av, this.#context.sendFrameSync(frame), this.#options.rung.encoder);
    this.#receive();
  }

  /** Gives each picture at once, without looking ahead, or not so. What comes next is a keyframe when that changes. */
  setImmediate(isImmediate: boolean): void {
    if (isImmediate === this.#isImmediate) return;
    this.#isImmediate = isImmediate;
    this.drain();
    this.#isDrained = true;
  }

  /** Gives all that it still holds. */
  drain(): void {
    if (this.#isDrained || this.#pending.length === 0) return;
    this.#isDrained = true;
    must(this.#av, this.#context.sendFrameSync(null), this.#options.rung.encoder);
    this.#receive();
    this.#pending = [];
  }

  close(): void {
    this.#context.freeContext();
    this.#coded.free();
    this.#first.free();
  }

  #receive(): void {
    const coded = this.#coded;
    for (;;) {
      const result = this.#context.receivePacketSync(coded);
      if (result === this.#av.AVERROR_EAGAIN || result === this.#av.AVERROR_EOF) return;
      must(this.#av, result, this.#options.rung.encoder);
      const { data } = coded;
      const dts = this.#pending.shift();
      if (data && dts !== undefined) this.#emit(data, dts, Number(coded.pts), coded.isKeyframe);
      coded.unref();
    }
  }

  #emit(data: Uint8Array, dts: Ticks, pts: Ticks, key: boolean): void {
    const canonical = toCanonicalPicture(this.#options.rung.codec, data);
    const { track, onPacket } = this.#options;
    onPacket(this.#parameterSets.apply({ type: "packet", track, dts, pts, duration: 0, key, data: canonical }));
  }

  #reopen(): void {
    this.#context.freeContext();
    this.#context = this.#open();
    this.#isDrained = false;
    // What was announced may be another's by a little.
    this.#parameterSets.set(configOfEncoder(this.#options.rung.codec, extradataOf(this.#context)));
  }

  #open() {
    const av = this.#av;
    const { rung, timescale, frameRate, threads } = this.#options;
    const first = this.#first;
    // The name is the user's, and may be any.
    const codec = av.Codec.findEncoderByName(rung.encoder as Parameters<typeof av.Codec.findEncoderByName>[0]);
    if (!codec) throw new MediaFault(`no encoder ${rung.encoder}`);
    const context = new av.CodecContext();
    context.allocContext3(codec);
    context.width = first.width;
    context.height = first.height;
    context.pixelFormat = first.format as typeof context.pixelFormat;
    context.sampleAspectRatio = first.sampleAspectRatio;
    context.colorRange = first.colorRange;
    context.colorPrimaries = first.colorPrimaries;
    context.colorTrc = first.colorTrc;
    context.colorSpace = first.colorSpace;
    context.chromaLocation = first.chromaLocation;
    context.timeBase = new av.Rational(1, timescale);
    if (frameRate) context.framerate = new av.Rational(Math.round(frameRate * 1001), 1001);
    context.bitRate = BigInt(rung.bitrate);
    context.rcMaxRate = BigInt(rung.maxBitrate);
    context.rcBufferSize = rung.bufferSize;
    context.threadCount = threads;
    context.setFlags(av.AV_CODEC_FLAG_GLOBAL_HEADER);
    try {
      for (const [name, value] of Object.entries(encoderOptions(rung, this.#isImmediate))) {
        must(av, context.setOption(name, value), `${rung.encoder}, its option ${name}=${value}`);
      }
      must(av, context.open2Sync(codec, null), `the encoder ${rung.encoder}`);
      if (!context.extraData) throw new MediaFault(`${rung.encoder} gives no parameter sets`);
      return context;
    } catch (error) {
      context.freeContext();
      throw error;
    }
  }
}

function extradataOf(context: InstanceType<MediaLibrary["CodecContext"]>): Uint8Array {
  return Uint8Array.from(context.extraData ?? []);
}

/** FFmpeg's name of the pixel format that an encoder takes. */
export function pixelFormatFor(encoder: string): "yuv420p" | "nv12" {
  return /_(qsv|vaapi|videotoolbox)$/.test(encoder) ? "nv12" : "yuv420p";
}
