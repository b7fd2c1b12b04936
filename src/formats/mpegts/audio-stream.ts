import { type AdtsFields, adtsFields, MAX_ADTS_FRAME, writeAdtsHeader } from "../../codecs/aac/adts.ts";
import type { Packet } from "../../media/event.ts";
import { rescale, type Ticks } from "../../media/time.ts";
import type { AudioTrack } from "../../media/track.ts";
import { appendOpusControlHeader } from "./opus.ts";
import type { Packetizer } from "./packetizer.ts";
import { PES_HEADER_MAX, PES_MAX, setPesLength, wrapTime, writePesHeader } from "./pes.ts";
import { PesBuffer } from "./pes-buffer.ts";

/** A frame this far from where the ones before it end begins a PES packet of its own; 90 kHz (5 ms). */
const MAX_DRIFT = 450;
/** An Opus control header of the largest packet. */
const OPUS_FRAMING = 3 + Math.ceil(PES_MAX / 255);

/** One audio track of a program: frames are gathered, and leave together as one PES packet. */
export class AudioStream {
  readonly timescale: number;
  readonly #samplesPerPacket: Ticks;
  readonly #isOpus: boolean;
  readonly #adts: AdtsFields | undefined;
  /** What framing adds to a frame at most, and how large a frame may be. */
  readonly #framing: number;
  readonly #maxFrame: number;
  readonly #pes = new PesBuffer(8 * 1024);
  /** pts of the first gathered frame, and where the last one ends; 90 kHz, not wrapped. */
  firstPts: Ticks = 0;
  nextPts: Ticks = 0;

  /** @param lead added to pts, 90 kHz */
  constructor(
    readonly pid: number,
    track: AudioTrack,
    private readonly streamId: number,
    private readonly lead: Ticks,
  ) {
    this.timescale = track.timescale;
    this.#samplesPerPacket = track.config.samplesPerPacket;
    this.#isOpus = track.config.codec === "opus";
    this.#adts = track.config.codec === "aac" ? adtsFields(track.config) : undefined;
    this.#framing = this.#adts?.headerLength ?? (this.#isOpus ? OPUS_FRAMING : 0);
    this.#maxFrame = (this.#adts ? MAX_ADTS_FRAME : PES_MAX - PES_HEADER_MAX) - this.#framing;
  }

  /** Frames are waiting for `flush`. */
  get pending(): boolean {
    return this.#pes.size > 0;
  }

  /** Whether a frame at `pts` of `size` bytes may join those gathered. */
  continues(pts: Ticks, size: number): boolean {
    if (this.#pes.size + this.#framing + size > PES_MAX) return false;
    return this.nextPts === this.firstPts || Math.abs(pts - this.nextPts) <= MAX_DRIFT;
  }

  /** Gathers a frame; `pts` is 90 kHz. False when the frame is larger than any can be. */
  append(packet: Packet, pts: Ticks): boolean {
    const { data } = packet;
    const pes = this.#pes;
    if (data.length > this.#maxFrame) return false;
    if (pes.size === 0) {
      this.firstPts = pts;
      const time = wrapTime(pts + this.lead);
      pes.size = writePesHeader(pes.bytes, 0, this.streamId, time, time);
    }
    if (this.#adts) {
      pes.reserve(this.#adts.headerLength + data.length);
      pes.size = writeAdtsHeader(pes.bytes, pes.size, this.#adts, data.length);
    } else if (this.#isOpus) {
      appendOpusControlHeader(pes, data.length);
    }
    pes.append(data);
    const duration = this.#samplesPerPacket || packet.duration;
    this.nextPts = pts + rescale(duration, this.timescale, 90_000);
    return true;
  }

  /** @param pcr 90 kHz below 2^33, or -1 */
  flush(packetizer: Packetizer, pcr: number): void {
    const pes = this.#pes;
    setPesLength(pes.bytes, 0, pes.size);
    packetizer.writePes(this.pid, pes, pcr, pcr >= 0);
    pes.clear();
  }
}
