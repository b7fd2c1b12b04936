import { BEEPS, LOOP_FRAMES, SILENCE } from "./beep-frames.ts";

/** Hz; also ticks per second of the audio. */
export const SAMPLE_RATE = 48_000;
/** Samples in a frame. */
export const FRAME_SAMPLES = 1024;

/** AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1): AAC-LC, 48 kHz, one channel. */
export const AUDIO_SPECIFIC_CONFIG = Uint8Array.of(0x11, 0x88);

/** Endless silence with a beep at each full second, as raw AAC frames. */
export class Beep {
  readonly #loop: readonly Uint8Array[] = unpack();

  /** The frame that begins `index * FRAME_SAMPLES` samples after any whole multiple of eight seconds of wall clock. */
  frame(index: number): Uint8Array {
    return this.#loop[index % LOOP_FRAMES] as Uint8Array;
  }
}

function unpack(): Uint8Array[] {
  const silence = Buffer.from(SILENCE, "base64");
  const loop = Array.from({ length: LOOP_FRAMES }, (): Uint8Array => silence);
  for (const { at, sizes, base64 } of BEEPS) {
    const bytes = Buffer.from(base64, "base64");
    let offset = 0;
    for (const [i, size] of sizes.entries()) {
      loop[(at + i) % LOOP_FRAMES] = bytes.subarray(offset, offset + size);
      offset += size;
    }
  }
  return loop;
}
