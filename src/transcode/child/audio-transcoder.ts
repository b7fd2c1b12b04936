import { AAC_SAMPLE_RATES, decodeAacConfig } from "../../codecs/aac/config.ts";
import type { Packet } from "../../media/event.ts";
import type { Ticks } from "../../media/time.ts";
import type { AudioTrack } from "../../media/track.ts";
import type { MediaLibrary } from "../../media-process/library.ts";
import { Decoder, type Frame } from "./decoder.ts";
import { MediaFault, must } from "./media-fault.ts";

export type AudioTranscoderOptions = {
  readonly source: AudioTrack;
  /** Bits per second. */
  readonly bitrate: number;
  /** At most. */
  readonly channels: number;
  readonly onPacket: (packet: Packet) => void;
};

/** Samples of an AAC frame. */
const FRAME = 1024;
const MAX_RATE = 48_000;
/** Sound that is missing is silence, up to here; behind a longer pause the encoder begins anew. Seconds. */
const MAX_SILENCE = 2;

type Graph = {
  readonly graph: InstanceType<MediaLibrary["FilterGraph"]>;
  readonly source: InstanceType<MediaLibrary["FilterContext"]>;
  readonly sink: InstanceType<MediaLibrary["FilterContext"]>;
};

/**
 * Any sound to AAC. Frames lie on whole multiples of their length in time, whenever it is begun, so that one that goes on where
 * another left off makes the same ones; and sound stays where its stamps say, over gaps too.
 */
export class AudioTranscoder {
  readonly #av: MediaLibrary;
  readonly #options: AudioTranscoderOptions;
  readonly #decoder: Decoder;
  readonly #rate: number;
  readonly #channels: number;
  readonly #frame: Frame;
  readonly #coded: InstanceType<MediaLibrary["Packet"]>;
  #encoder: InstanceType<MediaLibrary["CodecContext"]>;
  #graph: Graph | undefined;
  /** Where the sound decoded so far ends, in ticks of the source. */
  #end: Ticks | undefined;
  /** Of the frames wanted the first: what is before it only prepares the encoder. */
  #first: Ticks = 0;

  readonly track: AudioTrack;

  /** @throws MediaFault when it cannot be decoded, or not be encoded so */
  constructor(av: MediaLibrary, options: AudioTranscoderOptions) {
    const { source, bitrate, channels } = options;
    this.#av = av;
    this.#options = options;
    const { sampleRate } = source.config;
    this.#rate = sampleRate <= MAX_RATE && AAC_SAMPLE_RATES.includes(sampleRate) ? sampleRate : MAX_RATE;
    this.#channels = Math.max(1, Math.min(channels, source.config.channels || channels));
    this.#frame = new av.Frame();
    this.#coded = new av.Packet();
    this.#frame.alloc();
    this.#coded.alloc();
    this.#decoder = new Decoder(av, source, 1, (frame) => this.#decoded(frame));
    this.#encoder = this.#openEncoder(bitrate);
    const record = this.#encoder.extraData;
    if (!record) throw new MediaFault("the AAC encoder gives no configuration");
    const config = decodeAacConfig(Uint8Array.from(record));
    this.track = { ...source, timescale: this.#rate, config };
  }

  get errors(): number {
    return this.#decoder.errors;
  }

  write(packet: Packet): void {
    this.#decoder.write(packet);
  }

  /** Gives all that it still holds; what comes next does not continue it. */
  drain(): void {
    this.#decoder.drain();
    this.#finish();
  }

  close(): void {
    this.#decoder.close();
    this.#graph?.graph.free();
    this.#encoder.freeContext();
    this.#frame.free();
    this.#coded.free();
  }

  #decoded(frame: Frame): void {
    const { timescale } = this.#options.source;
    const pts = Number(frame.pts);
    const jump = this.#end === undefined ? 0 : (pts - this.#end) / timescale;
    if (Math.abs(jump) > MAX_SILENCE) this.#finish();
    this.#end = pts + (frame.nbSamples * timescale) / frame.sampleRate;
    const graph = (this.#graph ??= this.#openGraph(frame));
    must(this.#av, graph.source.buffersrcAddFrameSync(frame), "the filter of sound");
    this.#encode(graph);
  }

  #encode({ sink }: Graph): void {
    const frame = this.#frame;
    while (sink.buffersinkGetFrameSync(frame) >= 0) {
      must(this.#av, this.#encoder.sendFrameSync(frame), "the AAC encoder");
      frame.unref();
      this.#receive();
    }
  }

  #finish(): void {
    const graph = this.#graph;
    if (!graph) return;
    this.#graph = undefined;
    this.#end = undefined;
    must(this.#av, graph.source.buffersrcAddFrameSync(null), "the filter of sound");
    this.#encode(graph);
    graph.graph.free();
    must(this.#av, this.#encoder.sendFrameSync(null), "the AAC encoder");
    this.#receive();
    this.#encoder.freeContext();
    this.#encoder = this.#openEncoder(this.#options.bitrate);
  }

  #receive(): void {
    const coded = this.#coded;
    while (this.#encoder.receivePacketSync(coded) >= 0) {
      const pts = Number(coded.pts);
      const { data } = coded;
      if (data && pts >= this.#first) {
        const { onPacket, source } = this.#options;
        const bytes = Uint8Array.from(data);
        onPacket({ type: "packet", track: source.id, dts: pts, pts, duration: FRAME, key: true, data: bytes });
      }
      coded.unref();
    }
  }

  #openGraph(frame: Frame): Graph {
    const av = this.#av;
    const { timescale } = this.#options.source;
    const rate = this.#rate;
    this.#first = Math.ceil((Number(frame.pts) * rate) / timescale / FRAME) * FRAME;
    const { nbChannels } = frame.channelLayout;
    const layout = av.avChannelLayoutDescribe(frame.channelLayout) ?? `${nbChannels}c`;
    const chain = [
      `abuffer@in=time_base=1/${timescale}:sample_rate=${frame.sampleRate}:sample_fmt=${frame.format}:channel_layout=${layout}`,
      // Silence for what is missing, cuts for what overlaps.
      `aresample=${rate}:async=1:min_hard_comp=0.015`,
      `aformat=sample_fmts=fltp:channel_layouts=${this.#channels === 1 ? "mono" : "stereo"}`,
      `atrim=start_pts=${this.#first}`,
      `asetnsamples=${FRAME}:p=0`,
      "abuffersink@out",
    ].join(",");
    const graph = new av.FilterGraph();
    graph.alloc();
    must(av, graph.parse2(chain), "the filter of sound");
    must(av, graph.configSync(), "the filter of sound");
    const source = graph.getFilter("abuffer@in");
    const sink = graph.getFilter("abuffersink@out");
    if (!source || !sink) throw new MediaFault("the filter of sound has no ends");
    return { graph, source, sink };
  }

  #openEncoder(bitrate: number) {
    const av = this.#av;
    const codec = av.Codec.findEncoder(av.AV_CODEC_ID_AAC);
    if (!codec) throw new MediaFault("no AAC encoder");
    const context = new av.CodecContext();
    context.allocContext3(codec);
    context.sampleRate = this.#rate;
    context.channelLayout = this.#channels === 1 ? av.AV_CHANNEL_LAYOUT_MONO : av.AV_CHANNEL_LAYOUT_STEREO;
    context.sampleFormat = av.AV_SAMPLE_FMT_FLTP;
    context.bitRate = BigInt(bitrate);
    context.timeBase = new av.Rational(1, this.#rate);
    context.threadCount = 1;
    context.setFlags(av.AV_CODEC_FLAG_GLOBAL_HEADER);
    must(av, context.open2Sync(codec, null), "the AAC encoder");
    return context;
  }
}
