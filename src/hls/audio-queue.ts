import type { Packet } from "../media/event.ts";
import type { Ticks } from "../media/time.ts";
import type { QueuedSample, SampleRun } from "./sample.ts";

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

  /** Returns where it starts. */
  push(packet: Packet): Ticks {
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
    return start;
  }

  /** The samples that start before `before`, but for one held back. */
  take(before: Ticks): SampleRun | undefined {
    const samples = this.#samples;
    const most = samples.length - (this.#hold ? 1 : 0);
    let count = 0;
    while (count < most && (samples[count] as QueuedSample).start < before) count++;
    return this.#takeFirst(count);
  }

  /** Forgets the samples that end by `before`. */
  drop(before: Ticks): void {
    this.#takeFirst(this.#samples.findLastIndex(({ start, duration }) => start + duration <= before) + 1);
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
