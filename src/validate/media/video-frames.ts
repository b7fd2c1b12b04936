import { MalformedError } from "../../bytes/errors.ts";
import { sameBytes } from "../../bytes/same-bytes.ts";
import { isKeyTemporalUnit } from "../../codecs/av1/obu.ts";
import { avcConfigFromParameterSets, avcParameterSets, decodeAvcConfig } from "../../codecs/h264/config.ts";
import * as avc from "../../codecs/h264/nal.ts";
import { pictureParameterSetIds, sequenceParameterSetId, slicePictureParameterSet } from "../../codecs/h264/slice.ts";
import { decodeHevcConfig, hevcConfigFromParameterSets } from "../../codecs/hevc/config.ts";
import * as hevc from "../../codecs/hevc/nal.ts";
import { forEachNal, nalEnd, toFourByteLengths } from "../../codecs/nal-units.ts";
import { isKeyFrame } from "../../codecs/vp9/frame.ts";
import type { VideoCodec, VideoConfig } from "../../media/track.ts";
import type { Note } from "./rules.ts";

/** What one coded frame says. */
export type VideoFrame = {
  /** Decoding can start here. */
  readonly key: boolean;
  /** Has its parameter sets with it. */
  readonly hasParameterSets: boolean;
  /** Begins with an access unit delimiter. */
  readonly delimited: boolean;
};

/** Reads the frames of one video track, one after the other, and notes what is wrong inside them. */
export class VideoFrames {
  readonly #avcSets = new Set<number>();
  readonly #avcSps = new Map<number, Uint8Array>();
  /** Changes with parameter sets in the samples. */
  #config: VideoConfig | undefined;

  /**
   * @param record configuration record of the sample entry; undefined where parameter sets come with the frames
   * @param changeable parameter sets may change with the samples (avc3, hev1, MPEG-TS)
   */
  constructor(
    readonly codec: VideoCodec,
    private readonly lengthSize: number,
    private readonly note: Note,
    record: Uint8Array | undefined,
    private readonly changeable: boolean,
  ) {
    if (codec === "h264" && record) {
      const { sps, pps } = avcParameterSets(record);
      this.#addAvc(sps, pps);
    }
  }

  /** Of the latest parameter sets in the frames; undefined when there were none. */
  get config(): VideoConfig | undefined {
    return this.#config;
  }

  /** A frame whose NAL units have lengths of `lengthSize` bytes; of AV1 and VP9 as they are. */
  read(data: Uint8Array): VideoFrame {
    if (this.codec === "av1") return plain(isKeyTemporalUnit(data));
    if (this.codec === "vp9") return plain(isKeyFrame(data));
    if (!lengthsAddUp(data, this.lengthSize)) {
      this.note("nal-lengths", `NAL units do not fill a sample of ${data.length} bytes`);
    }
    const units = toFourByteLengths(data, this.lengthSize);
    try {
      return this.codec === "h264" ? this.#readAvc(units) : this.#readHevc(units);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.note("media-unreadable", `a frame of ${data.length} bytes: ${error.what}`);
      return plain(false);
    }
  }

  #readAvc(units: Uint8Array): VideoFrame {
    const key = avc.isKeyAccessUnit(units);
    const sets = avc.parameterSetsIn(units);
    if (sets) {
      this.#addAvc(sets.sps, sets.pps);
      if (sets.sps.length > 0) {
        this.#config = decodeAvcConfig(avcConfigFromParameterSets(sets.sps, sets.pps));
      }
    }
    const { first, slice } = firstUnits(units, (type) => type >= 1 && type <= avc.NAL_IDR, avc.nalType);
    if (slice && this.#avcSets.size > 0) {
      const id = slicePictureParameterSet(slice);
      if (!this.#avcSets.has(id)) this.note("parameter-set-missing", `a slice refers to picture parameter set ${id}`);
    }
    const hasParameterSets = sets !== undefined && sets.sps.length > 0 && sets.pps.length > 0;
    return { key, hasParameterSets, delimited: first === avc.NAL_AUD };
  }

  #addAvc(sps: readonly Uint8Array[], pps: readonly Uint8Array[]): void {
    for (const nal of sps) {
      const id = sequenceParameterSetId(nal);
      const known = this.#avcSps.get(id);
      if (known && !this.changeable && !sameBytes(known, nal)) {
        this.note("parameter-set-changed", `sequence parameter set ${id} of a sample is not that of the sample entry`);
      }
      this.#avcSps.set(id, nal.slice());
    }
    for (const nal of pps) {
      const { id, sps: parent } = pictureParameterSetIds(nal);
      if (!this.#avcSps.has(parent)) {
        this.note("parameter-set-missing", `picture parameter set ${id} refers to sequence parameter set ${parent}`);
      }
      this.#avcSets.add(id);
    }
  }

  #readHevc(units: Uint8Array): VideoFrame {
    const key = hevc.isKeyAccessUnit(units);
    const sets = hevc.parameterSetsIn(units);
    const hasParameterSets = sets !== undefined && sets.sps.length > 0 && sets.pps.length > 0;
    if (sets && sets.sps.length > 0) {
      this.#config = decodeHevcConfig(hevcConfigFromParameterSets(sets.vps, sets.sps, sets.pps));
    }
    const { first } = firstUnits(units, () => false, hevc.nalType);
    return { key, hasParameterSets, delimited: first === hevc.NAL_AUD };
  }
}

function plain(key: boolean): VideoFrame {
  return { key, hasParameterSets: key, delimited: false };
}

function lengthsAddUp(data: Uint8Array, lengthSize: number): boolean {
  if (lengthSize === 4) {
    let at = 0;
    for (let end = nalEnd(data, 0); end >= 0; end = nalEnd(data, at)) at = end;
    return at === data.length;
  }
  let at = 0;
  while (at + lengthSize <= data.length) {
    let length = 0;
    for (let i = 0; i < lengthSize; i++) length = length * 256 + (data[at + i] as number);
    at += lengthSize + length;
  }
  return at === data.length;
}

function firstUnits(
  units: Uint8Array,
  isSlice: (type: number) => boolean,
  typeOf: (firstByte: number) => number,
): { first: number | undefined; slice: Uint8Array | undefined } {
  let first: number | undefined;
  let slice: Uint8Array | undefined;
  forEachNal(units, (start, end) => {
    const type = typeOf(units[start] as number);
    first ??= type;
    if (!slice && isSlice(type)) slice = units.subarray(start, end);
  });
  return { first, slice };
}
