import type { Packet } from "../media/event.ts";
import type { Ticks } from "../media/time.ts";

/** A sample of a fragment; its duration is final once the next one has come or the part was cut. */
export type QueuedSample = {
  /** Decoding time in the output. */
  start: Ticks;
  duration: Ticks;
  compositionOffset: Ticks;
  readonly key: boolean;
  readonly data: Uint8Array;
};

/** Samples of one track, one behind the other without holes. `baseDecodeTime` is the first one's start. */
export type SampleRun = { readonly baseDecodeTime: Ticks; readonly samples: readonly QueuedSample[] };

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

  /** @param duration expected, in ticks; replaced when the next frame comes */
  push(packet: Packet, duration: Ticks): void {
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

/** Stamps this close to the sample clock are jitter; farther off they are followed. Keeps sound within 20 ms; seconds. */
const AUDIO_JITTER = 0.015;
/** Where neither track nor packet tells the length of a packet, and no second one has come; seconds. */
const AUDIO_GUESS = 0.02;

/**
 * Audio that waits to be cut into a part. Runs on the sample clock; where the source's stamps leave it, the sample before is
 * stretched or shortened. `hold` keeps the latest sample back so that this is always possible: needed beside video, where
 * a hole in one track's decode time makes players drop frames of the other.
 */
export class AudioQueue {
  readonly #jitter: Ticks;
  readonly #samplesPerPacket: number;
  readonly #hold: boolean;
  #samples: QueuedSample[] = [];
  #end: Ticks | undefined;
  #nominal: Ticks;
  #bytes = 0;

  constructor(timescale: number, samplesPerPacket: number, hold: boolean) {
    this.#jitter = AUDIO_JITTER * timescale;
    this.#samplesPerPacket = samplesPerPacket;
    this.#nominal = samplesPerPacket || Math.round(AUDIO_GUESS * timescale);
    this.#hold = hold;
  }

  get length(): number {
    return this.#samples.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Where the latest sample ends; undefined before the first. */
  get end(): Ticks | undefined {
    return this.#end;
  }

  /** Ticks a packet usually lasts. */
  get packetDuration(): Ticks {
    return this.#nominal;
  }

  /** Start of the earliest sample queued. */
  get start(): Ticks | undefined {
    return this.#samples[0]?.start;
  }

  push(packet: Packet): void {
    const last = this.#samples[this.#samples.length - 1];
    const expected = this.#end;
    let start = packet.dts;
    if (expected !== undefined) {
      if (this.#samplesPerPacket > 0 || packet.duration > 0) {
        if (Math.abs(start - expected) <= this.#jitter) start = expected;
      } else if (last) {
        this.#nominal = Math.max(1, start - last.start);
      }
      start = last ? Math.max(start, last.start + 1) : Math.max(start, expected);
      if (last) last.duration = start - last.start;
    }
    if (this.#samplesPerPacket === 0 && packet.duration > 0) this.#nominal = packet.duration;
    const duration = this.#nominal;
    this.#samples.push({ start, duration, compositionOffset: 0, key: true, data: packet.data });
    this.#bytes += packet.data.length;
    this.#end = start + duration;
  }

  /** The samples that start before `before`, but for one held back. */
  take(before: Ticks): SampleRun | undefined {
    const samples = this.#samples;
    const most = samples.length - (this.#hold ? 1 : 0);
    let count = 0;
    while (count < most && (samples[count] as QueuedSample).start < before) count++;
    return this.#takeFirst(count);
  }

  /** Everything, at the end of a run of media. */
  flush(): SampleRun | undefined {
    return this.#takeFirst(this.#samples.length);
  }

  #takeFirst(count: number): SampleRun | undefined {
    if (count === 0) return undefined;
    const samples = this.#samples.splice(0, count);
    for (const sample of samples) this.#bytes -= sample.data.length;
    return { baseDecodeTime: (samples[0] as QueuedSample).start, samples };
  }
}
