import type { Ticks } from "../../media/time.ts";
import type { Note } from "./rules.ts";

/**
 * Notes where a fragment's times do not go on from the fragment before: by more than a tick of rounding inexact, by more
 * than half a frame an overlap or a gap.
 * @param step ticks from where the last fragment ended to where this one begins
 * @param frame duration of a frame
 */
export function checkStep(
  step: Ticks,
  frame: Ticks,
  track: { readonly name: string; readonly timescale: number },
  note: Note,
): void {
  if (Math.abs(step) <= 1) return;
  const milliseconds = Math.abs((step / track.timescale) * 1000).toFixed(1);
  const where = step < 0 ? "before" : "behind";
  const message = `${track.name} begins ${milliseconds} ms ${where} the end of what came before`;
  if (Math.abs(step) <= frame / 2) note("decode-time-inexact", message);
  else note(step < 0 ? "decode-time-overlap" : "decode-time-gap", message);
}
