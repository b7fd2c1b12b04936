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
