import type { Colour } from "../../media/track.ts";
import { decodeAmf0 } from "../amf/amf0.ts";
import { type AmfValue, isAmfObject } from "../amf/value.ts";

/** What H.273 calls unspecified. */
const UNSPECIFIED = 2;

/**
 * The colour of a video metadata packet (enhanced RTMP v2, "colorInfo"). `undefined` when the packet says nothing of it;
 * `{ colour: undefined }` when it takes an earlier one back. @throws MalformedError
 */
export function decodeColorInfo(values: Uint8Array): { readonly colour: Colour | undefined } | undefined {
  const pairs = decodeAmf0(values, 2);
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    if (pairs[i] === "colorInfo") return { colour: colourOf(pairs[i + 1]) };
  }
  return undefined;
}

function colourOf(info: AmfValue): Colour | undefined {
  const config = info !== undefined && isAmfObject(info) ? info.colorConfig : undefined;
  if (config === undefined || !isAmfObject(config)) return undefined;
  const primaries = codePoint(config.colorPrimaries);
  const transfer = codePoint(config.transferCharacteristics);
  const matrix = codePoint(config.matrixCoefficients);
  if (primaries === UNSPECIFIED && transfer === UNSPECIFIED && matrix === UNSPECIFIED) return undefined;
  return { primaries, transfer, matrix, fullRange: false };
}

function codePoint(value: AmfValue): number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 255 ? value : UNSPECIFIED;
}
