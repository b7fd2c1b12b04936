import { av1ConfigFromObus, decodeAv1Config } from "../../codecs/av1/config.ts";
import { withoutTemporalDelimiters } from "../../codecs/av1/obu.ts";
import { decodeAvcConfig } from "../../codecs/h264/config.ts";
import { nalType as avcNalType, NAL_AUD, NAL_PPS, NAL_SPS } from "../../codecs/h264/nal.ts";
import { decodeHevcConfig } from "../../codecs/hevc/config.ts";
import * as hevc from "../../codecs/hevc/nal.ts";
import { forEachNal, fromAnnexB, looksLikeAnnexB } from "../../codecs/nal-units.ts";
import type { VideoConfig } from "../../media/track.ts";
import type { RungCodec } from "../rung.ts";

/** Marker and version of an AV1CodecConfigurationRecord; an OBU's header has its first bit 0. */
const AV1C_MARKER = 0x81;

/** What an encoder says of its stream, `extradata` in FFmpeg's words, as a config. Throws `MalformedError`. */
export function configOfEncoder(codec: RungCodec, extradata: Uint8Array): VideoConfig {
  switch (codec) {
    case "h264":
      return decodeAvcConfig(extradata);
    case "hevc":
      return decodeHevcConfig(extradata);
    case "av1":
      return extradata[0] === AV1C_MARKER ? decodeAv1Config(extradata) : av1ConfigFromObus(extradata);
    default:
      return codec satisfies never;
  }
}

/** An encoder's packet in canonical form (CODECS.md): lengths for start codes, without parameter sets and delimiters. */
export function toCanonicalPicture(codec: RungCodec, data: Uint8Array): Uint8Array {
  if (codec === "av1") return withoutTemporalDelimiters(data);
  const units = looksLikeAnnexB(data) ? fromAnnexB(data) : data;
  return withoutUnits(units, codec === "h264" ? isAvcExtra : isHevcExtra);
}

function isAvcExtra(firstByte: number): boolean {
  const type = avcNalType(firstByte);
  return type === NAL_SPS || type === NAL_PPS || type === NAL_AUD;
}

function isHevcExtra(firstByte: number): boolean {
  const type = hevc.nalType(firstByte);
  return type >= hevc.NAL_VPS && type <= hevc.NAL_AUD;
}

function withoutUnits(data: Uint8Array, isExtra: (firstByte: number) => boolean): Uint8Array {
  let size = 0;
  forEachNal(data, (start, end) => {
    if (!isExtra(data[start] as number)) size += end - start + 4;
  });
  if (size === data.length) return data;
  const out = new Uint8Array(size);
  let at = 0;
  forEachNal(data, (start, end) => {
    if (isExtra(data[start] as number)) return;
    out.set(data.subarray(start - 4, end), at);
    at += end - start + 4;
  });
  return out;
}
