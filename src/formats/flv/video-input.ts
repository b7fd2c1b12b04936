import { MalformedError } from "../../bytes/errors.ts";
import { sameBytes } from "../../bytes/same-bytes.ts";
import { av1ConfigFromObus, decodeAv1Config } from "../../codecs/av1/config.ts";
import { isKeyTemporalUnit, sequenceHeaderIn, withoutTemporalDelimiters } from "../../codecs/av1/obu.ts";
import { avcConfigFromParameterSets, avcParameterSets, decodeAvcConfig } from "../../codecs/h264/config.ts";
import * as avc from "../../codecs/h264/nal.ts";
import { decodeHevcConfig, hevcConfigFromParameterSets, hevcParameterSets } from "../../codecs/hevc/config.ts";
import * as hevc from "../../codecs/hevc/nal.ts";
import { decodeVp9Config, vp9ConfigFromKeyFrame, withVp9KeyFrame } from "../../codecs/vp9/config.ts";
import { decodeVp9KeyFrame, isKeyFrame } from "../../codecs/vp9/frame.ts";
import type { Colour, VideoConfig } from "../../media/track.ts";
import type { VideoFourCc } from "./video-tag.ts";

/** Codecs this server passes on. */
export type VideoInputCodec = Exclude<VideoFourCc, "vvc1" | "vp08">;

/** A coded frame in canonical form (CODECS.md). */
export type CodedFrame = { readonly data: Uint8Array; readonly key: boolean };

/**
 * One video track of a publish: its configuration, from sequence headers or from what the frames themselves carry, and its
 * frames made canonical.
 */
export class VideoInput {
  #codec: VideoInputCodec;
  #config: VideoConfig | undefined;
  #colour: Colour | undefined;
  /** The sequence header as it came, to tell when it comes again. */
  #header: Uint8Array | undefined;
  /** Parameter sets of the last key frame as they came, likewise. */
  #inBand: readonly Uint8Array[] = [];
  #lengthSize = 4;

  /** @param onChange called when `config` has changed */
  constructor(
    codec: VideoInputCodec,
    private readonly onChange: () => void,
  ) {
    this.#codec = codec;
  }

  /** Undefined until the picture's size is known. */
  get config(): VideoConfig | undefined {
    const config = this.#config;
    if (!config || config.width === 0) return undefined;
    return this.#colour && !config.colour ? { ...config, colour: this.#colour } : config;
  }

  /**
   * A sequence header. One that repeats changes nothing; an empty or broken one leaves the configuration to what frames
   * carry in-band. @throws MalformedError
   */
  configure(codec: VideoInputCodec, record: Uint8Array): void {
    if (codec === this.#codec && this.#header && sameBytes(this.#header, record)) return;
    this.#switchTo(codec);
    this.#header = record;
    if (record.length === 0) return;
    if (codec === "avc1" && record[0] === 1) this.#lengthSize = avc.lengthSizeOf(record);
    if (codec === "hvc1" && record[0] === 1) this.#lengthSize = hevc.lengthSizeOf(record);
    this.#inBand = [];
    this.#setConfig(decodeConfig(codec, record));
  }

  /** The colour that metadata states, for bitstreams that state none; undefined takes it back. */
  setColour(colour: Colour | undefined): void {
    const same = JSON.stringify(colour) === JSON.stringify(this.#colour);
    this.#colour = colour;
    if (!same && this.#config && !this.#config.colour) this.onChange();
  }

  /** Makes a frame canonical; undefined when there is nothing in it. @throws MalformedError */
  frame(codec: VideoInputCodec, data: Uint8Array): CodedFrame | undefined {
    if (codec !== this.#codec) this.#switchTo(codec);
    if (data.length === 0) return undefined;
    switch (codec) {
      case "avc1":
      case "hvc1":
        return this.#nalFrame(codec, data);
      case "av01": {
        const unit = withoutTemporalDelimiters(data);
        if (unit.length === 0) return undefined;
        const key = isKeyTemporalUnit(unit);
        if (key) this.#adoptAv1(unit);
        return { data: unit, key };
      }
      case "vp09": {
        const key = isKeyFrame(data);
        if (key) this.#adoptVp9(data);
        return { data, key };
      }
    }
  }

  #nalFrame(codec: "avc1" | "hvc1", data: Uint8Array): CodedFrame | undefined {
    const nals = avc.looksLikeAnnexB(data) ? avc.fromAnnexB(data) : avc.toFourByteLengths(data, this.#lengthSize);
    if (nals.length === 0) throw new MalformedError(`${codec} frame without a whole NAL unit`);
    const key = codec === "avc1" ? avc.isKeyAccessUnit(nals) : hevc.isKeyAccessUnit(nals);
    // Parameter sets may also come in an access unit of their own before the first key frame.
    if (key || !this.#config) {
      if (codec === "avc1") this.#adoptAvc(nals);
      else this.#adoptHevc(nals);
    }
    return { data: nals, key };
  }

  /** In-band parameter sets that the configuration does not hold take the place of its own. */
  #adoptAvc(nals: Uint8Array): void {
    const found = avc.parameterSetsIn(nals);
    if (!found || !this.#isNewInBand([...found.sps, ...found.pps])) return;
    const known = this.#config ? avcParameterSets(this.#config.record) : { sps: [], pps: [] };
    if (holds(known.sps, found.sps) && holds(known.pps, found.pps)) return;
    const sps = found.sps.length > 0 ? found.sps : known.sps;
    const pps = found.pps.length > 0 ? found.pps : known.pps;
    if (sps.length > 0) this.#setConfig(decodeAvcConfig(avcConfigFromParameterSets(sps, pps)));
  }

  #adoptHevc(nals: Uint8Array): void {
    const found = hevc.parameterSetsIn(nals);
    if (!found || !this.#isNewInBand([...found.vps, ...found.sps, ...found.pps])) return;
    const known = this.#config ? hevcParameterSets(this.#config.record) : { vps: [], sps: [], pps: [] };
    if (holds(known.vps, found.vps) && holds(known.sps, found.sps) && holds(known.pps, found.pps)) return;
    const sps = found.sps.length > 0 ? found.sps : known.sps;
    const pps = found.pps.length > 0 ? found.pps : known.pps;
    const vps = found.vps.length > 0 ? found.vps : known.vps;
    if (sps.length > 0) this.#setConfig(decodeHevcConfig(hevcConfigFromParameterSets(vps, sps, pps)));
  }

  #adoptAv1(unit: Uint8Array): void {
    const header = sequenceHeaderIn(unit);
    if (!header || !this.#isNewInBand([header])) return;
    const config = av1ConfigFromObus(unit);
    // Key frames carry their sequence header, and encoders' av1C differ from it in details (SVT-AV1): only what outputs
    // must know makes another configuration.
    const before = this.#config;
    const same =
      before?.codecString === config.codecString && before.width === config.width && before.height === config.height;
    if (!same) this.#setConfig(config);
  }

  #adoptVp9(data: Uint8Array): void {
    const frame = decodeVp9KeyFrame(data);
    if (frame) this.#setConfig(this.#config ? withVp9KeyFrame(this.#config, frame) : vp9ConfigFromKeyFrame(frame));
  }

  #isNewInBand(sets: readonly Uint8Array[]): boolean {
    const before = this.#inBand;
    if (sets.length === before.length && holds(before, sets)) return false;
    // Copies: views would keep the whole key frame.
    this.#inBand = sets.map((set) => set.slice());
    return true;
  }

  #switchTo(codec: VideoInputCodec): void {
    if (codec === this.#codec) return;
    this.#codec = codec;
    this.#config = undefined;
    this.#header = undefined;
    this.#inBand = [];
    this.#lengthSize = 4;
  }

  #setConfig(config: VideoConfig): void {
    const before = this.#config;
    this.#config = config;
    const same =
      before !== undefined &&
      before.codec === config.codec &&
      before.width === config.width &&
      before.height === config.height &&
      sameBytes(before.record, config.record);
    if (!same) this.onChange();
  }
}

function decodeConfig(codec: VideoInputCodec, record: Uint8Array): VideoConfig {
  switch (codec) {
    case "avc1":
      return decodeAvcConfig(record);
    case "hvc1":
      return decodeHevcConfig(record);
    case "av01":
      return decodeAv1Config(record);
    case "vp09":
      return decodeVp9Config(record);
  }
}

function holds(known: readonly Uint8Array[], sets: readonly Uint8Array[]): boolean {
  return sets.every((set) => known.some((other) => sameBytes(other, set)));
}
