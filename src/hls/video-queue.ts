import type { Packet } from "../media/event.ts";
import type { Ticks } from "../media/time.ts";
import type { QueuedSample, SampleRun } from "./sample.ts";

/**
 * Video that waits to be cut into a part. Decode time is continuous: the first sample after a cut starts where the last one
 * was said to end, and its duration absorbs the difference to its own dts. Presentation times stay exact. Players that see a
 * hole in decode time drop frames up to the next keyframe.
 */
export class VideoQueue {
  #samples: QueuedSample[] = [];
  #end: Ticks | undefined;
  #bytes = 0;

  get length(): number {
    return this.#samples.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get startsWithKey(): boolean {
    return this.#samples[0]?.key === true;
  }

  get hasKey(): boolean {
    return this.#samples.some(({ key }) => key);
  }

  /** Returns where it starts. @param duration expected, in ticks; replaced when the next frame comes */
  push(packet: Packet, duration: Ticks): Ticks {
    const last = this.#samples[this.#samples.length - 1];
    let start = packet.dts;
    if (last) {
      start = Math.max(start, last.start + 1);
      last.duration = start - last.start;
    } else if (this.#end !== undefined) {
      start = this.#end;
    }
    this.#samples.push({
      start,
      duration: Math.max(1, Math.round(duration)),
      compositionOffset: packet.pts - start,
      key: packet.key,
      data: packet.data,
    });
    this.#bytes += packet.data.length;
    return start;
  }

  /** Everything queued; the last sample ends at `end`. Undefined when nothing is queued. */
  take(end: Ticks): SampleRun | undefined {
    const samples = this.#samples;
    const first = samples[0];
    const last = samples[samples.length - 1];
    if (!first || !last) return undefined;
    last.duration = Math.max(1, end - last.start);
    this.#end = last.start + last.duration;
    this.#samples = [];
    this.#bytes = 0;
    return { baseDecodeTime: first.start, samples };
  }
}
