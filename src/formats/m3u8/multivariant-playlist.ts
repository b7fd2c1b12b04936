import { MalformedError } from "../../bytes/errors.ts";
import { optionalDecimal, parseAttributes, parseDecimal, parseInteger, required } from "./attributes.ts";
import { linesOf, splitTag } from "./lines.ts";

/** EXT-X-STREAM-INF (RFC 8216bis 4.4.6.2). */
export type Variant = {
  readonly uri: string;
  /** Peak, bits per second. */
  readonly bandwidth: number;
  readonly averageBandwidth?: number;
  /** RFC 6381 strings of everything in it. */
  readonly codecs: readonly string[];
  readonly resolution?: { readonly width: number; readonly height: number };
  /** Frames per second. */
  readonly frameRate?: number;
  readonly videoRange?: "SDR" | "HLG" | "PQ";
  /** How much it is to be preferred; all variants have one, or none. */
  readonly score?: number;
  /** GROUP-ID of its audio renditions. */
  readonly audio?: string;
};

/** EXT-X-MEDIA of TYPE=AUDIO (4.4.6.1). */
export type AudioRendition = {
  readonly group: string;
  /** For people; different from that of the others of its group. */
  readonly name: string;
  readonly uri: string;
  /** BCP 47. */
  readonly language?: string;
  readonly channels?: number;
  /** One of its group at most. */
  readonly isDefault: boolean;
};

export type MultivariantPlaylist = {
  readonly version: number;
  readonly independentSegments: boolean;
  readonly audio?: readonly AudioRendition[];
  readonly variants: readonly Variant[];
};

export function formatMultivariantPlaylist(playlist: MultivariantPlaylist): string {
  let out = `#EXTM3U\n#EXT-X-VERSION:${playlist.version}\n`;
  if (playlist.independentSegments) out += "#EXT-X-INDEPENDENT-SEGMENTS\n";
  for (const rendition of playlist.audio ?? []) out += formatAudio(rendition);
  for (const variant of playlist.variants) out += formatVariant(variant);
  return out;
}

function formatAudio({ group, name, uri, language, channels, isDefault }: AudioRendition): string {
  let out = `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="${group}",NAME="${withoutQuotes(name)}"`;
  if (language !== undefined) out += `,LANGUAGE="${withoutQuotes(language)}"`;
  out += isDefault ? ",DEFAULT=YES,AUTOSELECT=YES" : ",DEFAULT=NO,AUTOSELECT=YES";
  if (channels !== undefined) out += `,CHANNELS="${channels}"`;
  return `${out},URI="${uri}"\n`;
}

/** What a quoted string cannot hold is left out of it (4.2). */
function withoutQuotes(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f"]/g, "");
}

function formatVariant(variant: Variant): string {
  const { averageBandwidth, codecs, resolution, frameRate, videoRange, score, audio } = variant;
  let out = `#EXT-X-STREAM-INF:BANDWIDTH=${variant.bandwidth}`;
  if (averageBandwidth !== undefined) out += `,AVERAGE-BANDWIDTH=${averageBandwidth}`;
  if (codecs.length > 0) out += `,CODECS="${codecs.join(",")}"`;
  if (resolution) out += `,RESOLUTION=${resolution.width}x${resolution.height}`;
  if (frameRate !== undefined) out += `,FRAME-RATE=${frameRate.toFixed(3)}`;
  if (videoRange !== undefined) out += `,VIDEO-RANGE=${videoRange}`;
  if (score !== undefined) out += `,SCORE=${score}`;
  if (audio !== undefined) out += `,AUDIO="${audio}"`;
  return `${out}\n${variant.uri}\n`;
}

/** @throws MalformedError */
export function parseMultivariantPlaylist(text: string): MultivariantPlaylist {
  const variants: Variant[] = [];
  const audio: AudioRendition[] = [];
  let version = 1;
  let independentSegments = false;
  let pending: Omit<Variant, "uri"> | undefined;
  for (const line of linesOf(text)) {
    const [tag, value] = splitTag(line);
    if (!line.startsWith("#")) {
      if (!pending) throw new MalformedError(`playlist: ${line.slice(0, 40)} without EXT-X-STREAM-INF`);
      variants.push({ uri: line, ...pending });
      pending = undefined;
    } else if (tag === "#EXT-X-VERSION") version = parseInteger(value, tag);
    else if (tag === "#EXT-X-INDEPENDENT-SEGMENTS") independentSegments = true;
    else if (tag === "#EXT-X-STREAM-INF") pending = parseVariant(value);
    else if (tag === "#EXT-X-MEDIA") audio.push(...parseAudio(value));
  }
  return { version, independentSegments, ...(audio.length > 0 && { audio }), variants };
}

function parseVariant(value: string): Omit<Variant, "uri"> {
  const attributes = parseAttributes(value);
  const codecs = attributes.get("CODECS");
  const average = attributes.get("AVERAGE-BANDWIDTH");
  const resolution = attributes.get("RESOLUTION");
  const range = attributes.get("VIDEO-RANGE");
  return {
    bandwidth: parseInteger(required(attributes, "BANDWIDTH"), "BANDWIDTH"),
    averageBandwidth: average === undefined ? undefined : parseInteger(average, "AVERAGE-BANDWIDTH"),
    codecs: codecs ? codecs.split(",").map((codec) => codec.trim()) : [],
    resolution: resolution === undefined ? undefined : parseResolution(resolution),
    frameRate: optionalDecimal(attributes, "FRAME-RATE"),
    videoRange: range === "SDR" || range === "HLG" || range === "PQ" ? range : undefined,
    score: optionalDecimal(attributes, "SCORE"),
    audio: attributes.get("AUDIO"),
  };
}

/** None for other types, and for audio that is in the variants themselves. */
function parseAudio(value: string): AudioRendition[] {
  const attributes = parseAttributes(value);
  const uri = attributes.get("URI");
  if (required(attributes, "TYPE") !== "AUDIO" || uri === undefined) return [];
  const channels = attributes.get("CHANNELS");
  return [
    {
      group: required(attributes, "GROUP-ID"),
      name: required(attributes, "NAME"),
      uri,
      language: attributes.get("LANGUAGE"),
      channels: channels === undefined ? undefined : parseInteger(channels.split("/", 1)[0] ?? "", "CHANNELS"),
      isDefault: attributes.get("DEFAULT") === "YES",
    },
  ];
}

function parseResolution(text: string): { width: number; height: number } {
  const match = /^(\d{1,6})x(\d{1,6})$/.exec(text);
  if (!match) throw new MalformedError(`RESOLUTION: "${text.slice(0, 40)}"`);
  return { width: parseDecimal(match[1] as string, "width"), height: parseDecimal(match[2] as string, "height") };
}
