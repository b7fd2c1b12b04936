import { MalformedError } from "../../bytes/errors.ts";
import type { Ticks } from "../../media/time.ts";
import { decodeTfdt, decodeTfhd, decodeTrun, walkBoxes } from "./boxes.ts";

/** A sample as a fragment describes it. */
export type FragmentSample = {
  readonly trackId: number;
  readonly dts: Ticks;
  readonly pts: Ticks;
  readonly duration: Ticks;
  /** Not marked as a non-sync sample (ISO/IEC 14496-12 8.8.3.1). */
  readonly key: boolean;
  /** A view. */
  readonly data: Uint8Array;
};

/**
 * The samples of all movie fragments in `bytes`, in the order of their runs. Reads fragments that are whole in themselves,
 * as CMAF demands: tfdt in each traf, data relative to the moof, no defaults taken from trex.
 */
export function decodeSamples(bytes: Uint8Array): FragmentSample[] {
  const out: FragmentSample[] = [];
  let moof = 0;
  let header: ReturnType<typeof decodeTfhd> | undefined;
  let dts: Ticks | undefined;
  for (const box of walkBoxes(bytes)) {
    if (box.path === "moof") moof = box.offset;
    else if (box.path === "moof/traf") header = dts = undefined;
    else if (box.path === "moof/traf/tfhd") header = decodeTfhd(box.payload);
    else if (box.path === "moof/traf/tfdt") dts = decodeTfdt(box.payload);
    else if (box.path === "moof/traf/trun") {
      if (!header || dts === undefined) throw new MalformedError("trun before tfhd and tfdt", box.offset);
      const run = decodeTrun(box.payload);
      let at = moof + (run.dataOffset ?? 0);
      for (const [index, sample] of run.samples.entries()) {
        const size = sample.size ?? header.defaultSize;
        const duration = sample.duration ?? header.defaultDuration;
        const first = index === 0 ? run.firstSampleFlags : undefined;
        const flags = sample.flags ?? first ?? header.defaultFlags ?? 0;
        if (size === undefined || duration === undefined || at < 0 || at + size > bytes.length) {
          throw new MalformedError(`sample ${index} of a run lies outside the file, or has no size`, box.offset);
        }
        const pts = dts + (sample.compositionOffset ?? 0);
        const key = (flags & NON_SYNC) === 0;
        out.push({ trackId: header.trackId, dts, pts, duration, key, data: bytes.subarray(at, at + size) });
        dts += duration;
        at += size;
      }
    }
  }
  return out;
}

const NON_SYNC = 0x1_0000;
