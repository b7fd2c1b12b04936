import { encodeOpusHead } from "../../codecs/opus/config.ts";
import type { Packet } from "../../media/event.ts";
import type { AudioTrack, CodecConfig, VideoTrack } from "../../media/track.ts";
import type { MediaLibrary } from "../../media-process/library.ts";
import { MediaFault, must } from "./media-fault.ts";

export type Frame = InstanceType<MediaLibrary["Frame"]>;

/** Takes a track's packets, gives its frames. What cannot be decoded is counted, and never an error. */
export class Decoder {
  readonly #av: MediaLibrary;
  readonly #context: InstanceType<MediaLibrary["CodecContext"]>;
  readonly #packet: InstanceType<MediaLibrary["Packet"]>;
  readonly #frame: Frame;
  readonly #onFrame: (frame: Frame) => void;
  #errors = 0;

  /**
   * @param threads of video, each of which holds a frame back
   * @param onFrame the frame is the decoder's own, and gone after the call; its pts is the packet's
   * @throws MediaFault when there is no decoder for it
   */
  constructor(av: MediaLibrary, track: VideoTrack | AudioTrack, threads: number, onFrame: (frame: Frame) => void) {
    this.#av = av;
    this.#onFrame = onFrame;
    const codec = av.Codec.findDecoder(codecId(av, track.config));
    if (!codec) throw new MediaFault(`no decoder for ${track.config.codec}`);
    const context = new av.CodecContext();
    context.allocContext3(codec);
    context.extraData = extradata(track.config);
    context.pktTimebase = new av.Rational(1, track.timescale);
    context.threadCount = threads;
    this.#context = context;
    this.#packet = new av.Packet();
    this.#frame = new av.Frame();
    this.#packet.alloc();
    this.#frame.alloc();
    try {
      must(av, context.open2Sync(codec, null), `the decoder of ${track.config.codec}`);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Packets that could not be decoded. */
  get errors(): number {
    return this.#errors;
  }

  write(packet: Packet): void {
    const { data, key } = packet;
    const coded = this.#packet;
    coded.data = Buffer.from(data.buffer, data.byteOffset, data.length);
    coded.pts = BigInt(packet.pts);
    coded.dts = BigInt(packet.dts);
    coded.isKeyframe = key;
    if (this.#context.sendPacketSync(coded) < 0) this.#errors++;
    coded.unref();
    this.#receive();
  }

  /** Gives all that it still holds; what comes next begins with a keyframe. */
  drain(): void {
    this.#context.sendPacketSync(null);
    this.#receive();
    this.#context.flushBuffers();
  }

  close(): void {
    this.#context.freeContext();
    this.#packet.free();
    this.#frame.free();
  }

  #receive(): void {
    const frame = this.#frame;
    for (;;) {
      const result = this.#context.receiveFrameSync(frame);
      if (result < 0) {
        if (result !== this.#av.AVERROR_EAGAIN && result !== this.#av.AVERROR_EOF) this.#errors++;
        return;
      }
      this.#onFrame(frame);
      frame.unref();
    }
  }
}

function codecId(av: MediaLibrary, { codec }: CodecConfig) {
  switch (codec) {
    case "h264":
      return av.AV_CODEC_ID_H264;
    case "hevc":
      return av.AV_CODEC_ID_HEVC;
    case "av1":
      return av.AV_CODEC_ID_AV1;
    case "vp9":
      return av.AV_CODEC_ID_VP9;
    case "aac":
      return av.AV_CODEC_ID_AAC;
    case "mp3":
      return av.AV_CODEC_ID_MP3;
    case "opus":
      return av.AV_CODEC_ID_OPUS;
    case "flac":
      return av.AV_CODEC_ID_FLAC;
    case "ac3":
      return av.AV_CODEC_ID_AC3;
    case "eac3":
      return av.AV_CODEC_ID_EAC3;
    default:
      return codec satisfies never;
  }
}

/** FFmpeg wants the boxes' payloads, but for those that it never reads, and Opus, which it wants as in Ogg. */
function extradata(config: CodecConfig): Buffer | null {
  const { codec, record } = config;
  if (record.length === 0 || codec === "vp9" || codec === "ac3" || codec === "eac3") return null;
  return Buffer.from(codec === "opus" ? encodeOpusHead(config) : record);
}
