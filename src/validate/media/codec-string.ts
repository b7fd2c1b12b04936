/** An entry of CODECS (RFC 6381), or what a sample entry says, as far as the two can be compared. */
export type CodecDescription = {
  /** The codec, whatever its sample entry: `h264`, `hevc`, `aac`. */
  readonly family: string;
  /** The same number for the same profile; undefined where the string does not say. */
  readonly profile?: number;
  /** Higher demands more of a decoder; undefined where the string does not say. */
  readonly level?: number;
  /** HEVC and AV1: of the high tier. */
  readonly highTier?: boolean;
};

export function describeCodec(codec: string): CodecDescription {
  const [format = "", ...parts] = codec.trim().split(".");
  const family = FAMILIES.get(format.toLowerCase()) ?? format.toLowerCase();
  switch (family) {
    case "h264":
      return { family, ...avcProfile(parts[0]) };
    case "hevc":
      return { family, ...hevcProfile(parts) };
    case "av1":
      return { family, ...av1Profile(parts) };
    case "vp9":
      return { family, profile: number(parts[0]), level: number(parts[1]) };
    case "mpeg4-audio":
      return { family: audioFamily(parts) };
    default:
      return { family };
  }
}

const FAMILIES: ReadonlyMap<string, string> = new Map([
  ["avc1", "h264"],
  ["avc3", "h264"],
  ["hvc1", "hevc"],
  ["hev1", "hevc"],
  ["dvh1", "dolby-vision"],
  ["dvhe", "dolby-vision"],
  ["av01", "av1"],
  ["vp09", "vp9"],
  ["mp4a", "mpeg4-audio"],
  ["mp3", "mp3"],
]);

/** `40.34`, `69` and `6b` are MPEG audio layers; the rest is AAC in one of its forms. */
function audioFamily([objectType = "", audioType]: readonly string[]): string {
  const type = objectType.toLowerCase();
  if (type === "69" || type === "6b" || (type === "40" && audioType === "34")) return "mp3";
  if (type === "a5") return "ac-3";
  if (type === "a6") return "ec-3";
  return "aac";
}

function avcProfile(text = ""): Pick<CodecDescription, "profile" | "level"> {
  if (!/^[0-9a-f]{6}$/i.test(text)) return {};
  return { profile: Number.parseInt(text.slice(0, 2), 16), level: Number.parseInt(text.slice(4), 16) };
}

function hevcProfile([space, , tierLevel = ""]: readonly string[]): Partial<CodecDescription> {
  const match = /^([LH])(\d+)$/.exec(tierLevel);
  if (!match) return {};
  return { profile: number(space?.replace(/^[ABC]/, "")), level: Number(match[2]), highTier: match[1] === "H" };
}

function av1Profile([profile, levelTier = ""]: readonly string[]): Partial<CodecDescription> {
  const match = /^(\d\d)([MH])$/.exec(levelTier);
  if (!match) return {};
  return { profile: number(profile), level: Number(match[1]), highTier: match[2] === "H" };
}

function number(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
