import { decodeAvcConfig } from "../../src/codecs/h264/config.ts";
import type { Packet } from "../../src/media/event.ts";
import type { Track } from "../../src/media/track.ts";
import { FlvFile } from "../../src/record/flv-file.ts";
import { Mp4File } from "../../src/record/mp4-file.ts";
import { type SyntheticStream, synthesize, VIDEO_ID } from "../hls/synthetic.ts";
import { avcRecords } from "./codec-samples.ts";

export type RecordedStream = {
  readonly tracks: readonly Track[];
  readonly packets: readonly Packet[];
  readonly bytes: Uint8Array;
};

/** What a recorder makes of a made-up stream of H.264, whose frames are one NAL unit each, and AAC. */
export function recordedFile(format: "flv" | "mp4", stream: SyntheticStream): RecordedStream {
  const packets: Packet[] = [];
  let tracks: readonly Track[] = [];
  const pieces: Uint8Array[] = [];
  const patches: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  const events = synthesize(stream);
  for (const { event } of events) {
    if (event.type === "tracks") tracks = event.tracks.map((track) => (track.kind === "video" ? real(track) : track));
    else if (event.type === "packet") packets.push(event.track === VIDEO_ID ? withNal(event) : event);
  }
  const write = ({ bytes, at }: { readonly bytes: Uint8Array; readonly at?: number }): void => {
    if (at === undefined) pieces.push(bytes);
    else patches.push({ at, bytes });
  };
  const file = format === "flv" ? new FlvFile(tracks, write) : new Mp4File(tracks, write);
  for (const packet of packets) file.write(packet, 0);
  file.finish();
  const bytes = new Uint8Array(Buffer.concat(pieces));
  for (const patch of patches) bytes.set(patch.bytes, patch.at);
  return { tracks, packets, bytes };
}

function real(track: Extract<Track, { kind: "video" }>): Track {
  return { ...track, config: decodeAvcConfig(Uint8Array.fromHex(avcRecords[2]?.hex ?? "")) };
}

function withNal(packet: Packet): Packet {
  const data = packet.data.slice();
  new DataView(data.buffer).setUint32(0, data.length - 4);
  data[4] = packet.key ? 0x65 : 0x41;
  return { ...packet, data };
}
