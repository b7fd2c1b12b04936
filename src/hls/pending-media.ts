import type { Packet } from "../media/event.ts";
import type { Ticks } from "../media/time.ts";
import type { AudioTrack } from "../media/track.ts";
import { AudioQueue } from "./audio-queue.ts";
import type { SampleRun } from "./sample.ts";
import { VideoQueue } from "./video-queue.ts";

/** Packets of one track that wait for the cuts that they belong between. Times only rise. */
export class PendingPackets {
  #packets: Packet[] = [];

  get length(): number {
    return this.#packets.length;
  }

  push(packet: Packet): void {
    this.#packets.push(packet);
  }

  /** Back to the front, where it was taken from. */
  putBack(packet: Packet): void {
    this.#packets.unshift(packet);
  }

  /** The earliest. */
  shift(): Packet | undefined {
    return this.#packets.shift();
  }

  /** Those with a dts below `end`. */
  take(end: Ticks): Packet[] {
    let count = 0;
    while (count < this.#packets.length && (this.#packets[count] as Packet).dts < end) count++;
    return this.#packets.splice(0, count);
  }

  clear(): void {
    this.#packets = [];
  }
}

/** Video of one run of media, taken part by part. Decode time is continuous, as the lead's is. */
export class FollowedVideo {
  readonly #queue = new VideoQueue();

  constructor(private readonly pending: PendingPackets) {}

  /** The part that ends at `end`. */
  take(end: Ticks): { readonly run: SampleRun | undefined; readonly startsWithKey: boolean; readonly hasKey: boolean } {
    const queue = this.#queue;
    // The last one lasts until the end, whatever is expected here.
    for (const packet of this.pending.take(end)) queue.push(packet, packet.duration);
    const { startsWithKey, hasKey } = queue;
    return { run: queue.take(end), startsWithKey, hasKey };
  }
}

/** Audio of one run of media, taken part by part. */
export class FollowedAudio {
  readonly #queue: AudioQueue;
  /** The latest that the queue was given, which may belong behind the part. */
  #latest: Packet | undefined;

  constructor(
    track: AudioTrack,
    private readonly pending: PendingPackets,
  ) {
    this.#queue = new AudioQueue(track.timescale, track.config.samplesPerPacket, false);
  }

  /** Forgets what is over by `start`. */
  drop(start: Ticks): void {
    this.#fill(start);
    this.#queue.drop(start);
  }

  /** The samples that start before `end`. */
  take(end: Ticks): SampleRun | undefined {
    this.#fill(end);
    return this.#queue.take(end);
  }

  /** The run is over; what belongs to the next one goes back. */
  close(end: Ticks): void {
    if (this.#queue.length > 0 && this.#latest && this.#latest.dts >= end) this.pending.putBack(this.#latest);
  }

  /** With one more, which tells how long the last of them lasts. */
  #fill(end: Ticks): void {
    if (this.#latest && this.#queue.length > 0 && this.#latest.dts >= end) return;
    for (const packet of this.pending.take(end)) this.#push(packet);
    const next = this.pending.shift();
    if (next) this.#push(next);
  }

  #push(packet: Packet): void {
    this.#latest = packet;
    this.#queue.push(packet);
  }
}
