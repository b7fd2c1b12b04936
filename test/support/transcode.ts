import { decodeAacConfig } from "../../src/codecs/aac/config.ts";
import { decodeAc3Config } from "../../src/codecs/ac3/config.ts";
import { decodeAvcConfig } from "../../src/codecs/h264/config.ts";
import { decodeHevcConfig } from "../../src/codecs/hevc/config.ts";
import { decodeMp3Config } from "../../src/codecs/mp3/frame.ts";
import { decodeOpusHead } from "../../src/codecs/opus/config.ts";
import { hlsSchema } from "../../src/hls/config.ts";
import { HlsOutput } from "../../src/hls/output.ts";
import type { RenditionEvent } from "../../src/hls/rendition.ts";
import type { FeedEvent } from "../../src/hls/rung-feed.ts";
import type { MediaEvent, Packet } from "../../src/media/event.ts";
import { rescale } from "../../src/media/time.ts";
import type { CodecConfig, Track } from "../../src/media/track.ts";
import { FrameReader } from "../../src/media-process/frames.ts";
import { MediaProcess, type ProcessExit } from "../../src/media-process/media-process.ts";
import { decodeFromTranscoder, MessageWriter } from "../../src/transcode/message-codec.ts";
import {
  MAX_MESSAGE_BYTES,
  type ToTranscoder,
  TRANSCODER_ENV,
  type TranscoderStatus,
} from "../../src/transcode/messages.ts";
import type { VideoRung } from "../../src/transcode/rung.ts";
import { PartsPutIn } from "../../src/transcode/segment-parts.ts";
import { projectPath } from "./project.ts";

/** A rung that costs little to make. */
export const SMALL_RUNG: VideoRung = {
  kind: "video",
  name: "small",
  width: 192,
  height: 108,
  frameDivisor: 1,
  codec: "h264",
  encoder: "libx264",
  bitrate: 200_000,
  maxBitrate: 250_000,
  bufferSize: 400_000,
  preset: "superfast",
  audio: { codec: "copy" },
};

type ReadFile = {
  readonly streams: readonly { codec: string; kind: "video" | "audio"; extradata: string; timescale: number }[];
  readonly packets: readonly { stream: number; dts: number; pts: number; key: boolean; data: string }[];
};

/** Files may begin before 0; a stream's timeline does not. */
const START = 10;

/** The tracks and packets of a media file, as a publisher of it would cause them. Track ids are its streams', from 1. */
export async function eventsOf(file: string): Promise<MediaEvent[]> {
  const command = [process.execPath, projectPath("test", "support", "read-packets.mjs"), file];
  const child = Bun.spawn(command, { stdout: "pipe" });
  const { streams, packets } = (await new Response(child.stdout).json()) as ReadFile;
  const tracks = streams.map(({ codec, kind, extradata, timescale }, index): Track => {
    const first = packets.find(({ stream }) => stream === index)?.data ?? "";
    const config = configOf(codec, Uint8Array.fromBase64(extradata), Uint8Array.fromBase64(first));
    if ("width" in config) return { kind: "video", id: index + 1, timescale: 90_000, config };
    if (kind === "video") throw new Error(`${codec} is no video`);
    return { kind: "audio", id: index + 1, timescale, config };
  });
  const events: MediaEvent[] = packets.map(({ stream, dts, pts, key, data }): Packet => {
    const { id, timescale } = tracks[stream] as Track;
    const ticks = (seconds: number) => Math.round((seconds + START) * timescale);
    const bytes = Uint8Array.fromBase64(data);
    return { type: "packet", track: id, dts: ticks(dts), pts: ticks(pts), duration: 0, key, data: bytes };
  });
  return [{ type: "tracks", tracks }, ...events];
}

function configOf(codec: string, extradata: Uint8Array, first: Uint8Array): CodecConfig {
  switch (codec) {
    case "h264":
      return decodeAvcConfig(extradata);
    case "hevc":
      return decodeHevcConfig(extradata);
    case "aac":
      return decodeAacConfig(extradata);
    case "opus":
      return decodeOpusHead(extradata);
    case "mp3":
      return decodeMp3Config(first);
    case "ac3":
      return decodeAc3Config(first);
    default:
      throw new Error(`a clip with ${codec}`);
  }
}

/** The HLS of a stream, followed from its beginning. */
export class LeadRecorder {
  readonly #output: HlsOutput;
  #tracks: readonly Track[] = [];
  #now = 0;

  /** @param config of `hls`, over its defaults */
  constructor(config: Readonly<Record<string, unknown>> = {}) {
    this.#output = new HlsOutput({
      path: "live/test",
      config: hlsSchema.parse(config),
      firstMsn: 100,
      wallclockAt: (now) => 1_760_000_000_000 + now,
      isFollowed: true,
    });
  }

  /** Milliseconds. */
  get now(): number {
    return this.#now;
  }

  /** What one gets who begins to follow now; more is added as it comes. */
  follow(): FeedEvent[] {
    const feed: FeedEvent[] = [];
    this.#output.follow((event) => feed.push(event), this.#now);
    return feed;
  }

  /** In real time, as their decoding times say. */
  write(events: readonly MediaEvent[]): void {
    for (const event of events) {
      if (event.type === "tracks") this.#tracks = event.tracks;
      if (event.type === "packet") this.#tickUntil(this.#timeOf(event));
      this.#output.write(event, this.#now);
    }
  }

  /** Nobody sends anything for a while. */
  pass(ms: number): void {
    this.#tickUntil(this.#now + ms);
  }

  #timeOf({ track, dts }: Packet): number {
    const timescale = this.#tracks.find(({ id }) => id === track)?.timescale ?? 1;
    return (dts / timescale) * 1000;
  }

  #tickUntil(end: number): void {
    for (let at = this.#output.deadline; at !== undefined && at <= end; at = this.#output.deadline) {
      const before = this.#now;
      this.#now = Math.max(before, at);
      this.#output.tick(this.#now);
      if (this.#output.deadline === at && this.#now === before) break;
    }
    this.#now = Math.max(this.#now, end);
  }
}

/** Later events of the same stream: the times moved by so many seconds. */
export function shifted(events: readonly MediaEvent[], seconds: number): MediaEvent[] {
  const timescales = new Map<number, number>();
  return events.map((event) => {
    if (event.type === "tracks") for (const { id, timescale } of event.tracks) timescales.set(id, timescale);
    if (event.type !== "packet") return event;
    const by = rescale(seconds, 1, timescales.get(event.track) ?? 1);
    return { ...event, dts: event.dts + by, pts: event.pts + by };
  });
}

export type MadeRung = { readonly events: RenditionEvent[]; tracks: readonly Track[]; failed?: string };
export type TranscoderRun = {
  readonly rungs: ReadonlyMap<string, MadeRung>;
  readonly statuses: readonly TranscoderStatus[];
  /** What it wrote to its error output. */
  readonly lines: readonly string[];
  readonly exit: ProcessExit;
};

/** Runs a transcoder with these messages, to the end. */
export async function transcode(messages: Iterable<ToTranscoder>): Promise<TranscoderRun> {
  const rungs = new Map<string, MadeRung & { readonly parts: PartsPutIn }>();
  const rungOf = (name: string) => {
    let rung = rungs.get(name);
    if (!rung) rungs.set(name, (rung = { events: [], tracks: [], parts: new PartsPutIn() }));
    return rung;
  };
  const statuses: TranscoderStatus[] = [];
  const lines: string[] = [];
  const reader = new FrameReader(MAX_MESSAGE_BYTES);
  const over = Promise.withResolvers<ProcessExit>();
  const child = new MediaProcess({
    command: [process.execPath, projectPath("src", "main.ts"), "transcode-worker"],
    nice: 5,
    env: TRANSCODER_ENV,
    onData: (bytes) => {
      for (const body of reader.push(bytes)) {
        const message = decodeFromTranscoder(body);
        if (message.type === "rendition") {
          const rung = rungOf(message.rung);
          rung.events.push(rung.parts.write(message.event));
        } else if (message.type === "description") rungOf(message.rung).tracks = message.tracks;
        else if (message.type === "rungFailed") rungOf(message.rung).failed = message.reason;
        else if (message.type === "status") statuses.push(message.status);
      }
    },
    onLine: (line) => lines.push(line),
    onExit: over.resolve,
  });
  const writer = new MessageWriter();
  for (const message of messages) writer.toTranscoder(message);
  writer.lend((bytes) => child.write(bytes));
  while (child.pendingBytes > 0) await Bun.sleep(2);
  child.end(60_000);
  const exit = await over.promise;
  return { rungs, statuses, lines, exit };
}

/** What tells where a rendition, or the feed of its lead, is cut. */
export type Cut = {
  readonly type: "open" | "part" | "segment" | "break";
  readonly msn?: number;
  readonly part?: number;
  readonly wallclock?: number;
  readonly discontinuity?: boolean;
  /** Seconds, of a part; rounded to milliseconds. */
  readonly duration?: number;
};

export function cutsOf(events: readonly (RenditionEvent | FeedEvent)[]): Cut[] {
  const cuts: Cut[] = [];
  let timescale = 1;
  for (const event of events) {
    if (event.type === "open") {
      if ("timescale" in event) timescale = event.timescale;
      const { type, msn, wallclock, discontinuity } = event;
      cuts.push({ type, msn, wallclock, discontinuity });
    } else if (event.type === "part") {
      const seconds = "duration" in event ? event.duration : (event.end - event.start) / timescale;
      cuts.push({ type: "part", msn: event.msn, part: event.part, duration: Math.round(seconds * 1000) / 1000 });
    } else if (event.type === "segment") cuts.push({ type: "segment", msn: event.msn });
    else if (event.type === "break") cuts.push({ type: "break" });
  }
  return cuts;
}

/** A rung as one MP4 file. */
export function mp4Of(events: readonly RenditionEvent[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const event of events) if (event.type === "init" || event.type === "part") pieces.push(event.bytes);
  return new Uint8Array(Buffer.concat(pieces));
}
