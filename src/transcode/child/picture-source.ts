import type { Packet } from "../../media/event.ts";
import type { Ticks } from "../../media/time.ts";
import type { VideoTrack } from "../../media/track.ts";
import type { MediaLibrary } from "../../media-process/library.ts";
import { Decoder, type Frame } from "./decoder.ts";
import { FrameLedger, type FrameTimes } from "./frame-ledger.ts";
import { formatOf, PictureFilter, type PictureFormat, sameFormat } from "./picture-filter.ts";

export type PictureSourceOptions = {
  /** Of the decoder. */
  readonly threads: number;
  /** In the order in which they are shown; the frame is gone after the call. */
  readonly onPicture: (frame: Frame, times: FrameTimes) => void;
};

/** Pictures that come so far apart are not waited for: what is known is given out at once. Seconds. */
export const SLOW = 0.15;

/**
 * The pictures of a track, each with its times, progressive. One that is lost is replaced with the one before it, so that there
 * is a picture wherever the source has one.
 */
export class PictureSource {
  readonly #av: MediaLibrary;
  readonly #options: PictureSourceOptions;
  #ledger = new FrameLedger();
  #track: VideoTrack | undefined;
  #decoder: Decoder | undefined;
  #errorsBefore = 0;
  #last: Frame | undefined;
  #previous: { readonly dts: Ticks; readonly key: boolean } | undefined;
  #deinterlacer: { readonly filter: PictureFilter; readonly format: PictureFormat } | undefined;
  /** Of the pictures in the deinterlacer. */
  #inFilter: FrameTimes[] = [];

  constructor(av: MediaLibrary, options: PictureSourceOptions) {
    this.#av = av;
    this.#options = options;
  }

  get track(): VideoTrack | undefined {
    return this.#track;
  }

  /** Frames that could not be decoded. */
  get errors(): number {
    return this.#errorsBefore + (this.#decoder?.errors ?? 0);
  }

  /** Decoding time of the earliest picture that is not given out yet. */
  get next(): Ticks | undefined {
    return this.#inFilter[0]?.dts ?? this.#ledger.next;
  }

  /** What comes next; gives out what was before. @throws MediaFault when it cannot be decoded */
  setTrack(track: VideoTrack | undefined): void {
    this.drain();
    this.#closeDecoder();
    this.#track = track;
    if (!track) return;
    this.#decoder = new Decoder(this.#av, track, this.#options.threads, (frame) => this.#decoded(frame));
  }

  write(packet: Packet): void {
    const decoder = this.#decoder;
    const track = this.#track;
    if (!decoder || !track) return;
    this.#ledger.push(packet.dts, packet.pts);
    decoder.write(packet);
    const previous = this.#previous;
    this.#previous = packet;
    const isStill = packet.key && previous?.key === true && packet.dts - previous.dts > SLOW * track.timescale;
    if (isStill) this.drain();
    else this.#ledger.giveUp(false, this.#lost);
  }

  /** A segment ends there; before the first frame behind it. */
  cut(end: Ticks): void {
    this.#ledger.cut(end);
  }

  /** What comes next does not continue what was, which is given out. */
  break(): void {
    this.drain();
    this.#ledger.startSegment();
    this.#forgetLast();
  }

  /** Forgets what is under way; what comes next begins with a keyframe. */
  restart(): void {
    const track = this.#track;
    this.#closeDecoder();
    this.#ledger = new FrameLedger();
    this.#forgetLast();
    this.#track = undefined;
    if (track) this.setTrack(track);
  }

  /** Gives out all that is under way. */
  drain(): void {
    this.#decoder?.drain();
    this.#ledger.giveUp(true, this.#lost);
    const deinterlacer = this.#deinterlacer;
    if (!deinterlacer) return;
    deinterlacer.filter.push(null);
    this.#filtered(deinterlacer.filter);
    this.#closeDeinterlacer();
  }

  close(): void {
    this.#closeDecoder();
    this.#forgetLast();
  }

  readonly #lost = (times: FrameTimes): void => {
    if (this.#last) this.#give(this.#last, times);
  };

  #decoded(frame: Frame): void {
    const times = this.#ledger.take(Number(frame.pts), this.#lost);
    if (!times) return;
    this.#last ??= this.#newFrame();
    this.#last.unref();
    this.#last.ref(frame);
    this.#give(frame, times);
  }

  #give(frame: Frame, times: FrameTimes): void {
    if (!this.#deinterlacer && !frame.hasFlags(this.#av.AV_FRAME_FLAG_INTERLACED)) {
      this.#options.onPicture(frame, times);
      return;
    }
    const { filter } = this.#deinterlacerFor(formatOf(frame));
    this.#inFilter.push(times);
    // Its own order is all it needs.
    frame.pts = BigInt(times.pts);
    filter.push(frame);
    this.#filtered(filter);
  }

  #deinterlacerFor(format: PictureFormat): { readonly filter: PictureFilter; readonly format: PictureFormat } {
    const present = this.#deinterlacer;
    if (present && sameFormat(present.format, format)) return present;
    if (present) {
      present.filter.push(null);
      this.#filtered(present.filter);
      this.#closeDeinterlacer();
    }
    const chain = "bwdif=mode=send_frame:deint=interlaced";
    this.#deinterlacer = { filter: new PictureFilter(this.#av, chain, format, this.#options.threads), format };
    return this.#deinterlacer;
  }

  #filtered(filter: PictureFilter): void {
    for (let frame = filter.pull(); frame; frame = filter.pull()) {
      const times = this.#inFilter.shift();
      if (times) this.#options.onPicture(frame, times);
    }
  }

  #closeDeinterlacer(): void {
    this.#deinterlacer?.filter.close();
    this.#deinterlacer = undefined;
    this.#inFilter = [];
  }

  #closeDecoder(): void {
    this.#errorsBefore = this.errors;
    this.#decoder?.close();
    this.#decoder = undefined;
    this.#previous = undefined;
    this.#closeDeinterlacer();
  }

  #forgetLast(): void {
    this.#last?.free();
    this.#last = undefined;
  }

  #newFrame(): Frame {
    const frame = new this.#av.Frame();
    frame.alloc();
    return frame;
  }
}
