import type { MediaFile } from "../../src/formats/media-file.ts";
import type { Reading } from "../../src/formats/reading.ts";
import type { Packet } from "../../src/media/event.ts";
import type { Track } from "../../src/media/track.ts";

/** Does the work on a file that is in memory. */
export function readFrom<T>(bytes: Uint8Array, reading: Reading<T>): T {
  for (let step = reading.next(); ; ) {
    if (step.done) return step.value;
    const { offset, length } = step.value;
    step = reading.next(bytes.subarray(offset, offset + length));
  }
}

export type ReadMedia = { readonly tracks: readonly Track[]; readonly packets: readonly Packet[] };

/** All that comes next, up to a number of packets. */
export function readMedia(bytes: Uint8Array, file: MediaFile, limit = Number.POSITIVE_INFINITY): ReadMedia {
  const packets: Packet[] = [];
  let tracks: readonly Track[] = [];
  while (packets.length < limit) {
    const events = readFrom(bytes, file.next());
    if (!events) break;
    for (const event of events) {
      if (event.type === "tracks") tracks = event.tracks;
      else if (event.type === "packet") packets.push(event);
    }
  }
  return { tracks, packets };
}
