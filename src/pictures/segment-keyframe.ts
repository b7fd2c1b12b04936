import { MalformedError } from "../bytes/errors.ts";
import { decodeInit, type InitSection } from "../formats/mp4/init-reader.ts";
import { decodeSamples } from "../formats/mp4/samples.ts";
import { decodeTs } from "../formats/mpegts/demuxer.ts";
import type { VideoConfig } from "../media/track.ts";
import type { Keyframe } from "./picture.ts";

/** Stream types of Annex B video (ISO/IEC 13818-1 table 2-34). */
const TS_CODECS: ReadonlyMap<number, "h264" | "hevc"> = new Map([
  [0x1b, "h264"],
  [0x24, "hevc"],
]);

/** A video track of an initialization section. */
export type InitVideo = { readonly id: number; readonly config: VideoConfig };

/** The first video track of an initialization section; undefined when there is none that can be read. */
export function videoOf(init: Uint8Array): InitVideo | undefined {
  const section = attempt((): InitSection => decodeInit(init));
  const track = section?.tracks.find(({ handler }) => handler === "vide");
  const config = track?.entries[0]?.config;
  return track && config && "width" in config ? { id: track.id, config } : undefined;
}

/** The first keyframe of a CMAF segment, or of its first part; undefined when there is none. */
export function cmafKeyframe(media: Uint8Array, { id, config }: InitVideo): Keyframe | undefined {
  const sample = attempt(() => decodeSamples(media))?.find(({ trackId, key }) => trackId === id && key);
  return sample && { codec: config.codec, record: config.record, data: sample.data };
}

/** The first keyframe of an MPEG-TS segment; undefined when there is none that can be read. */
export function tsKeyframe(segment: Uint8Array): Keyframe | undefined {
  const decoded = attempt(() => decodeTs(segment, undefined, () => {}));
  const stream = decoded?.pmt.streams.find(({ streamType }) => TS_CODECS.has(streamType));
  const codec = stream && TS_CODECS.get(stream.streamType);
  const unit = decoded?.pes.find(({ pid, randomAccess }) => pid === stream?.pid && randomAccess);
  return codec && unit && { codec, record: new Uint8Array(0), data: unit.payload };
}

function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}
