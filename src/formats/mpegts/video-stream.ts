import type { Packet } from "../../media/event.ts";
import type { Ticks } from "../../media/time.ts";
import type { VideoConfig } from "../../media/track.ts";
import { type AnnexB, appendAccessUnit, toAnnexB } from "./annexb.ts";
import type { Packetizer } from "./packetizer.ts";
import { setPesLength, VIDEO_STREAM_ID, wrapTime, writePesHeader } from "./pes.ts";
import { PesBuffer } from "./pes-buffer.ts";

/** One video track of a program: each access unit becomes one PES packet. */
export class VideoStream {
  readonly #format: AnnexB;
  readonly #pes = new PesBuffer(64 * 1024);
  #lastDts = -1;
  #beginsSegment = false;

  /** @param lead added to dts and pts, 90 kHz */
  constructor(
    readonly pid: number,
    config: VideoConfig,
    private readonly lead: Ticks,
  ) {
    this.#format = toAnnexB(config);
  }

  /** What comes next carries the parameter sets, keyframe or not: players look for them in each segment that they open. */
  beginSegment(): void {
    this.#beginsSegment = true;
  }

  /** @param pcr 90 kHz below 2^33, or -1 */
  write(packetizer: Packetizer, packet: Packet, pcr: number): void {
    // A decoder may not present before it decodes: an odd encoder's pts below dts pulls dts down, as far as it can go.
    const dts = Math.max(Math.min(packet.dts, packet.pts), this.#lastDts + 1);
    const pts = Math.max(packet.pts, dts);
    this.#lastDts = dts;

    const pes = this.#pes;
    pes.clear();
    const size = writePesHeader(pes.bytes, 0, VIDEO_STREAM_ID, wrapTime(pts + this.lead), wrapTime(dts + this.lead));
    pes.size = size;
    appendAccessUnit(pes, packet.data, packet.key || this.#beginsSegment, this.#format);
    this.#beginsSegment = false;
    setPesLength(pes.bytes, 0, pes.size);
    packetizer.writePes(this.pid, pes, pcr, packet.key);
  }
}
