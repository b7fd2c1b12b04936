import { decodeAmf0 } from "../amf/amf0.ts";
import { type AmfObject, type AmfValue, isAmfObject } from "../amf/value.ts";

/** A data message: a name and values. */
export type ScriptData = {
  readonly name: string;
  readonly values: readonly AmfValue[];
  /** The message as AMF0, from its name on; a view. */
  readonly payload: Uint8Array;
};

/** The string that asks an RTMP server to keep what follows for later readers; not part of the data. */
const SET_DATA_FRAME = Uint8Array.from(
  [2, 0, 13, ..."@setDataFrame"].map((x) => (typeof x === "number" ? x : x.charCodeAt(0))),
);

/** Decodes script data (FLV 10.1 E.4.4). Broken values behind the name are left out. @throws MalformedError */
export function decodeScriptData(body: Uint8Array): ScriptData {
  const isWrapped = SET_DATA_FRAME.every((byte, i) => body[i] === byte);
  const payload = isWrapped ? body.subarray(SET_DATA_FRAME.length) : body;
  const [name, ...values] = decodeAmf0(payload, 1);
  return { name: typeof name === "string" ? name : "", values, payload };
}

/** The metadata of an onMetaData message; undefined for other messages, and for the null that some cameras send. */
export function metadataOf(data: ScriptData): AmfObject | undefined {
  if (data.name.toLowerCase() !== "onmetadata") return undefined;
  return data.values.find((value): value is AmfObject => value !== undefined && isAmfObject(value));
}
