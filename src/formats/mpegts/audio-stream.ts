import type { Packet } from "../../media/event.ts";
import { rescale, type Ticks } from "../../media/time.ts";
import type { AudioTrack } from "../../media/track.ts";
import { ADTS_HEADER_SIZE, ADTS_MAX_FRAME, adtsHeader, setAdtsLength } from "./adts.ts";
import { appendOpusControlHeader } from "./opus.ts";
import type { Packetizer } from "./packetizer.ts";
import { PES_HEADER_MAX, PES_MAX, setPesLength, wrapTime, writePesHeader } from "./pes.ts";
import { PesBuffer } from "./pes-buffer.ts";

/** A frame this far from where the ones before it end begins a PES packet of its own; 90 kHz (5 ms). */
const MAX_DRIFT = 450;
/** What framing adds to a frame at most: an Opus control header of the largest packet. */
const MAX_FRAMING = 3 + Math.ceil(PES_MAX / 255);
const MAX_FRAME = PES_MAX - PES_HEADER_MAX - MAX_FRAMING;

/** One audio track of a program: frames are gathered, and leave together as one PES packet. */
export class AudioStream {
  readonly timescale: number;
  readonly #samplesPerPacket: Ticks;
  readonly #isOpus: boolean;
  readonly #adts: Uint8Array | undefined;
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
    this.#adts = track.config.codec === "aac" ? adtsHeader(track.config.record) : undefined;
  }

  /** Frames are waiting for `flush`. */
  get pending(): boolean {
    return this.#pes.size > 0;
  }

  /** Whether a frame at `pts` of `size` bytes may join those gathered. */
  continues(pts: Ticks, size: number): boolean {
    if (this.#pes.size + MAX_FRAMING + size > PES_MAX) return false;
    return this.nextPts === this.firstPts || Math.abs(pts - this.nextPts) <= MAX_DRIFT;
  }

  /** Gathers a frame; `pts` is 90 kHz. False when the frame is larger than any can be. */
  append(packet: Packet, pts: Ticks): boolean {
    const { data } = packet;
    const pes = this.#pes;
    if (data.length > (this.#adts ? ADTS_MAX_FRAME : MAX_FRAME)) return false;
    if (pes.size === 0) {
      this.firstPts = pts;
      const time = wrapTime(pts + this.lead);
      pes.size = writePesHeader(pes.bytes, 0, this.streamId, time, time);
    }
    if (this.#adts) {
      pes.reserve(ADTS_HEADER_SIZE + data.length);
      const at = pes.size;
      for (let i = 0; i < ADTS_HEADER_SIZE; i++) pes.bytes[at + i] = this.#adts[i] as number;
      setAdtsLength(pes.bytes, at, data.length);
      pes.size = at + ADTS_HEADER_SIZE;
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
