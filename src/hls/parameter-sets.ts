import { MalformedError } from "../bytes/errors.ts";
import { sameBytes } from "../bytes/same-bytes.ts";
import { avcParameterSets } from "../codecs/h264/config.ts";
import { hevcParameterSets } from "../codecs/hevc/config.ts";
import type { Packet } from "../media/event.ts";
import type { VideoConfig } from "../media/track.ts";

/**
 * Puts parameter sets in front of keyframes once the video's configuration is another than at first: FFmpeg reads only the
 * first initialization section of a playlist.
 */
export class ParameterSets {
  #first: VideoConfig | undefined;
  #prefix: Uint8Array | undefined;

  /** The configuration of what comes next. */
  set(config: VideoConfig): void {
    this.#first ??= config;
    const changed = config.codec === this.#first.codec && !sameBytes(config.record, this.#first.record);
    this.#prefix = changed ? toSamplePrefix(config) : undefined;
  }

  apply(packet: Packet): Packet {
    const prefix = this.#prefix;
    if (!prefix || !packet.key) return packet;
    const data = new Uint8Array(prefix.length + packet.data.length);
    data.set(prefix);
    data.set(packet.data, prefix.length);
    return { ...packet, data };
  }
}

/** NAL units as they stand in a sample, each behind its length in four bytes. */
function toSamplePrefix(config: VideoConfig): Uint8Array | undefined {
  const units = unitsOf(config);
  if (units.length === 0) return undefined;
  const out = new Uint8Array(units.reduce((size, unit) => size + 4 + unit.length, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const unit of units) {
    view.setUint32(at, unit.length);
    out.set(unit, at + 4);
    at += 4 + unit.length;
  }
  return out;
}

function unitsOf(config: VideoConfig): readonly Uint8Array[] {
  try {
    if (config.codec === "h264") {
      const { sps, pps } = avcParameterSets(config.record);
      return [...sps, ...pps];
    }
    if (config.codec !== "hevc") return [];
    const { vps, sps, pps } = hevcParameterSets(config.record);
    return [...vps, ...sps, ...pps];
  } catch (error) {
    if (error instanceof MalformedError) return [];
    throw error;
  }
}
