import { AmfEcmaArray, type AmfObject, type AmfValue, isAmfObject } from "../../formats/amf/value.ts";

/** What the connect command says about the client, and how it is answered. */
export type ConnectRequest = {
  readonly app: string;
  readonly tcUrl: string;
  readonly swfUrl: string;
  readonly pageUrl: string;
  /** Name and version the client gives itself. */
  readonly agent: string;
  /** 0 or 3, to be repeated in the answer. */
  readonly objectEncoding: number;
  /** The client speaks enhanced RTMP and wants to know what the server can do. */
  readonly enhanced: boolean;
  /** FourCCs that it can decode or forward, `*` for all; undefined when it names none. */
  readonly fourCcs: readonly string[] | undefined;
  /** Marks of the servers that relay what is published or played by this connection. */
  readonly via: readonly string[];
};

/** FourCCs that can be received; the streams forward them as they are. */
const VIDEO_FOURCCS = ["avc1", "hvc1", "av01", "vp09"] as const;
const AUDIO_FOURCCS = ["mp4a", "Opus", "fLaC", ".mp3", "ac-3", "ec-3"] as const;
const CAN_FORWARD = 4;
/** Multitrack, ModEx, nanosecond offsets (enhanced RTMP v2, capsEx). */
const CAPS_EX = 2 | 4 | 8;
/** HDR and metadata packets (videoFunction). */
const VIDEO_FUNCTION = 2 | 4;

const MAX_AGENT = 256;
/** Characters; more marks than relays may stand one behind the other. */
const MAX_VIA = 1024;
const MAX_URL = 4096;

/** Reads the command object of connect; whatever is missing is empty. */
export function parseConnect(object: AmfValue): ConnectRequest {
  const fields = object !== undefined && isAmfObject(object) ? object : {};
  const text = (value: AmfValue) => (typeof value === "string" ? value : "");
  return {
    app: text(fields.app),
    tcUrl: text(fields.tcUrl) || text(fields.tcurl),
    swfUrl: text(fields.swfUrl).slice(0, MAX_URL),
    pageUrl: text(fields.pageUrl).slice(0, MAX_URL),
    agent: text(fields.flashVer).slice(0, MAX_AGENT),
    objectEncoding: fields.objectEncoding === 3 ? 3 : 0,
    enhanced: ["fourCcList", "videoFourCcInfoMap", "audioFourCcInfoMap", "capsEx"].some((key) => key in fields),
    fourCcs: fourCcsOf(fields),
    via: text(fields.naruVia).slice(0, MAX_VIA).split(",").filter(Boolean),
  };
}

/** The same, in another application; what follows `?` stays. */
export function inApplication(request: ConnectRequest, app: string): ConnectRequest {
  const query = request.app.indexOf("?");
  return { ...request, app: query < 0 ? app : app + request.app.slice(query) };
}

/** Codecs that a client may name; there are about ten. */
const MAX_FOURCCS = 32;
/** FourCcInfoMask: decodes, forwards. */
const CAN_TAKE = 1 | CAN_FORWARD;

function fourCcsOf(fields: AmfObject): string[] | undefined {
  const { fourCcList } = fields;
  const found = new Set<string>();
  for (const item of Array.isArray(fourCcList) ? fourCcList.slice(0, MAX_FOURCCS) : []) {
    if (typeof item === "string") found.add(item.slice(0, 4));
  }
  for (const map of [fields.videoFourCcInfoMap, fields.audioFourCcInfoMap]) {
    if (map === undefined || !isAmfObject(map)) continue;
    for (const [fourCc, mask] of Object.entries(map).slice(0, MAX_FOURCCS)) {
      if (typeof mask === "number" && (mask & CAN_TAKE) !== 0) found.add(fourCc.slice(0, 4));
    }
  }
  return found.size === 0 ? undefined : [...found].sort();
}

/** First object of the answer: what the server calls itself. Clients know these values from Flash Media Server. */
export const SERVER_PROPERTIES: AmfObject = { fmsVer: "FMS/3,5,7,7009", capabilities: 31, mode: 1 };

/** Second object of the answer: success, and the enhanced capabilities for clients that showed theirs. */
export function connectInfo(request: ConnectRequest): AmfObject {
  const info: AmfObject = {
    level: "status",
    code: "NetConnection.Connect.Success",
    description: "Connection succeeded.",
    objectEncoding: request.objectEncoding,
  };
  if (!request.enhanced) return info;
  return {
    ...info,
    fourCcList: [...VIDEO_FOURCCS, ...AUDIO_FOURCCS],
    videoFourCcInfoMap: fourCcMap(VIDEO_FOURCCS),
    audioFourCcInfoMap: fourCcMap(AUDIO_FOURCCS),
    capsEx: CAPS_EX,
    videoFunction: VIDEO_FUNCTION,
  };
}

function fourCcMap(fourCcs: readonly string[]): AmfEcmaArray {
  return new AmfEcmaArray(Object.fromEntries(fourCcs.map((fourCc) => [fourCc, CAN_FORWARD])));
}
