import { existsSync, mkdirSync, renameSync } from "node:fs";
import { encodeAmf0 } from "../../src/formats/amf/amf0.ts";
import { AmfEcmaArray, type AmfObject } from "../../src/formats/amf/value.ts";
import { type FlvTag, TagType } from "../../src/formats/flv/tag.ts";
import { readFlv } from "./clients/scripted-publisher.ts";
import { run } from "./process.ts";
import { projectPath } from "./project.ts";

/** How several tracks share messages (enhanced RTMP v2, "AvMultitrackType"). OBS and FFmpeg send `one-track`. */
export type MultitrackForm = "one-track" | "many-tracks" | "many-tracks-many-codecs";
export const MULTITRACK_FORMS: readonly MultitrackForm[] = ["one-track", "many-tracks", "many-tracks-many-codecs"];

export type SoundInfo = { readonly language: string; readonly name: string };

const SECONDS = 30;
const HEIGHTS = [360, 240, 144] as const;

/**
 * An encoder's ladder: H.264 in 360, 240 and 144 lines at 30 frames a second, keyframes every two seconds at the same places, and
 * AAC in two sounds. Made by ffmpeg once and kept in `.cache/`.
 * @returns FLV files of one track each
 */
export async function ladderClips(): Promise<{ readonly video: readonly string[]; readonly audio: readonly string[] }> {
  const directory = projectPath(".cache", "clips");
  const names = [...HEIGHTS.map((height) => `ladder-${height}`), "ladder-sound-0", "ladder-sound-1"];
  const files = names.map((name) => `${directory}/${name}.flv`);
  const made = { video: files.slice(0, HEIGHTS.length), audio: files.slice(HEIGHTS.length) };
  if (files.every((file) => existsSync(file))) return made;
  mkdirSync(directory, { recursive: true });
  const unfinished = names.map((name) => `${directory}/unfinished-${process.pid}-${name}.flv`);
  const split = `[0:v]split=${HEIGHTS.length}${HEIGHTS.map((_, i) => `[s${i}]`).join("")}`;
  const scaled = HEIGHTS.map((height, i) => `[s${i}]scale=-2:${height}[v${i}]`);
  const video = [
    "-c:v",
    "libx264",
    "-preset",
    "superfast",
    "-bf",
    "2",
    "-g",
    "60",
    "-keyint_min",
    "60",
    "-sc_threshold",
    "0",
  ];
  await run(
    "ffmpeg",
    [
      ...["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=30"],
      ...["-f", "lavfi", "-i", "anoisesrc=a=0.05:c=pink:seed=1:r=48000,aformat=channel_layouts=stereo"],
      ...["-f", "lavfi", "-i", "sine=f=440:r=48000,aformat=channel_layouts=mono"],
      ...["-filter_complex", [split, ...scaled].join(";")],
      ...HEIGHTS.flatMap((_, i) => ["-map", `[v${i}]`, ...video, "-pix_fmt", "yuv420p", ...END, unfinished[i] ?? ""]),
      ...[1, 2].flatMap((input, i) => [
        "-map",
        `${input}:a`,
        "-c:a",
        "aac",
        ...END,
        unfinished[HEIGHTS.length + i] ?? "",
      ]),
    ],
    { timeoutMs: 120_000 },
  );
  for (const [i, file] of files.entries()) renameSync(unfinished[i] ?? "", file);
  return made;
}

const END = ["-t", String(SECONDS), "-f", "flv"];

export type MultitrackOptions = {
  readonly form: MultitrackForm;
  /** FLV files of one H.264 track each, aligned; the first becomes track 0. */
  readonly video: readonly string[];
  /** The same of AAC. */
  readonly audio: readonly string[];
  /** What metadata says of the sounds; said of none when left out. */
  readonly sounds?: readonly SoundInfo[];
};

/** The messages of a publish of several tracks, byte by byte as the specification has them. */
export function multitrackTags({ form, video, audio, sounds }: MultitrackOptions): FlvTag[] {
  const tracks = (files: readonly string[], type: number): Part[] =>
    files.flatMap((file, track) => {
      const tags = readFlv(file).filter((tag) => tag.type === type);
      return tags.map((tag) => toPart(tag, track));
    });
  const parts = [...tracks(audio, TagType.audio), ...tracks(video, TagType.video)]
    .filter(({ packetType }) => packetType <= CODED_FRAMES)
    .sort(
      (a, b) =>
        a.packetType * 1e9 + a.timestamp - b.packetType * 1e9 - b.timestamp || a.type - b.type || a.track - b.track,
    );
  const tags: FlvTag[] = [{ type: TagType.script, timestamp: 0, body: metadata(video.length, sounds ?? []) }];
  for (let at = 0; at < parts.length; ) {
    const first = parts[at] as Part;
    let end = at + 1;
    if (form !== "one-track") while (canShare(first, parts[end])) end++;
    tags.push({ type: first.type, timestamp: first.timestamp, body: message(form, parts.slice(at, end)) });
    at = end;
  }
  return tags;
}

/** One track's share of a message. `packetType` is 0 for a sequence header and 1 for a frame, as in the classic messages. */
type Part = {
  readonly type: number;
  readonly timestamp: number;
  readonly track: number;
  readonly packetType: number;
  /** 1 keyframe, 2 other; of the message, so that only like frames share one. */
  readonly frameType: number;
  /** As the enhanced form has it: behind FourCC and track. */
  readonly body: Uint8Array;
  readonly classic: Uint8Array;
};

const CODED_FRAMES = 1;
/** A frame without its composition time; a header has none anyway. */
const CLASSIC_VIDEO_HEADER = 5;
const CLASSIC_AUDIO_HEADER = 2;

function toPart({ type, timestamp, body }: FlvTag, track: number): Part {
  const isVideo = type === TagType.video;
  const packetType = body[1] ?? 0;
  const isFrame = packetType === CODED_FRAMES;
  const header = isVideo ? (isFrame ? 2 : CLASSIC_VIDEO_HEADER) : CLASSIC_AUDIO_HEADER;
  const frameType = isVideo ? (body[0] ?? 0) >> 4 : 0;
  return { type, timestamp, track, packetType, frameType, body: body.subarray(header), classic: body };
}

function canShare(first: Part, other: Part | undefined): boolean {
  return (
    other !== undefined &&
    other.type === first.type &&
    other.timestamp === first.timestamp &&
    other.packetType === first.packetType &&
    other.frameType === first.frameType
  );
}

/** Video: 1 bit enhanced, 3 bits frame type, 4 bits packet type 6. Audio: 4 bits sound format 9, 4 bits packet type 5. */
function message(form: MultitrackForm, parts: readonly Part[]): Uint8Array {
  const [first] = parts;
  if (!first) return new Uint8Array(0);
  if (parts.length === 1 && first.track === 0) return first.classic;
  const isVideo = first.type === TagType.video;
  const outer = isVideo ? 0x86 | (first.frameType << 4) : 0x95;
  const fourCc = ascii(isVideo ? "avc1" : "mp4a");
  if (parts.length === 1) return join([[outer, first.packetType], fourCc, [first.track], first.body]);
  if (form === "many-tracks") {
    const shares = parts.flatMap(({ track, body }) => [[track], size(body), body]);
    return join([[outer, 0x10 | first.packetType], fourCc, ...shares]);
  }
  const shares = parts.flatMap(({ track, body }) => [fourCc, [track], size(body), body]);
  return join([[outer, 0x20 | first.packetType], ...shares]);
}

/** Track 0 stands at the top, the others in a map by their ids. */
function metadata(videos: number, sounds: readonly SoundInfo[]): Uint8Array {
  const further = Array.from({ length: videos - 1 }, (_, i) => String(i + 1));
  const videoMap = Object.fromEntries(further.map((track) => [track, { videocodecid: 0x61766331, framerate: 30 }]));
  const audioMap: AmfObject = Object.fromEntries(
    sounds.map((sound, i) => [String(i), { ...sound, samplerate: 48_000 }]),
  );
  return encodeAmf0(
    "@setDataFrame",
    "onMetaData",
    new AmfEcmaArray({
      ...{ framerate: 30, videocodecid: 7, audiocodecid: 10 },
      ...(videos > 1 && { videoTrackIdInfoMap: videoMap }),
      ...(sounds.length > 0 && { audioTrackIdInfoMap: audioMap }),
    }),
  );
}

const size = ({ length }: Uint8Array): number[] => [length >> 16, (length >> 8) & 0xff, length & 0xff];
const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));

function join(pieces: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Buffer.concat(pieces.map((piece) => (piece instanceof Uint8Array ? piece : Uint8Array.from(piece))));
}
