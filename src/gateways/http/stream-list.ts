import type { AudioCodec, VideoCodec } from "../../media/track.ts";

/** One stream as the start page and `/api/streams` show it. */
export type StreamSummary = {
  /** `application/name`. */
  readonly path: string;
  /** `starting`: an encoder is connected and has sent nothing yet. `waiting`: it is gone, or silent, and may come back. */
  readonly state: "starting" | "live" | "waiting" | "ended";
  /** In state `waiting`. `until`: when the stream ends if no encoder comes; absent while a silent one is connected. ISO 8601. */
  readonly waiting?: { readonly since: string; readonly until?: string };
  /** Which encoder viewers see. */
  readonly onAir?: "primary" | "backup";
  /** Those that are connected. */
  readonly encoders: readonly EncoderSummary[];
  /** When the stream began: ISO 8601, UTC. */
  readonly since: string;
  readonly video?: {
    readonly codec: VideoCodec;
    readonly width: number;
    readonly height: number;
    /** Measured, frames per second. */
    readonly frameRate: number;
  };
  readonly audio?: { readonly codec: AudioCodec; readonly channels: number; readonly sampleRate: number };
  /** Of all media, measured, in bits per second. */
  readonly bitrate: number;
  /** Name and version the encoder gives itself. */
  readonly agent?: string;
  /** Seconds between keyframes; 0 when not known yet. */
  readonly keyframeInterval: number;
  /** Further qualities and sounds, best first; absent where it has none. */
  readonly rungs?: readonly RungSummary[];
};

/** One of a stream's renditions beside the source. */
export type RungSummary = {
  /** As in its URL. */
  readonly name: string;
  readonly kind: "video" | "audio";
  readonly width?: number;
  readonly height?: number;
  /** Bits per second, announced or measured. */
  readonly bitrate: number;
  /** `idle`: nobody watches it. `shed`: given up while the machine is busy. */
  readonly state: "idle" | "starting" | "running" | "failed" | "shed";
  /** Why, where the state needs an explanation. */
  readonly reason?: string;
};

/** One of a stream's encoders. */
export type EncoderSummary = {
  readonly role: "primary" | "backup";
  /** `standby`: it sends, and waits to take over. `silent`: it sends no media. */
  readonly state: "on-air" | "standby" | "silent";
  /** When it connected: ISO 8601, UTC. */
  readonly since: string;
  readonly agent?: string;
  /** Measured, in bits per second. */
  readonly bitrate: number;
  /** Since when it has sent media without a pause; absent before the first. */
  readonly steadySince?: string;
};

/** What the gateway adds to a summary. URLs are relative to the server. */
export type ListedStream = StreamSummary & {
  readonly viewers: number;
  readonly urls: {
    readonly watch: string;
    readonly playlist: string;
    readonly poster: string;
    /** Where the server can make pictures. */
    readonly thumbnail?: string;
    readonly storyboard?: string;
  };
};

/** The body of `/api/streams/PATH`. */
export type FoundStream = ListedStream & {
  /** Wall clock, ms since the epoch: players measure latency by it, since a viewer's own clock may be wrong. */
  readonly serverTime: number;
};

/** The body of `/api/streams`. */
export type StreamList = {
  readonly version: string;
  /** Where to publish, for the page's instructions; absent when RTMP is off. */
  readonly rtmpPort?: number;
  readonly streams: readonly ListedStream[];
};

/** @param hasPictures whether the server makes thumbnails and storyboards */
export function listStream(stream: StreamSummary, viewers: number, hasPictures = false): ListedStream {
  const watch = `/${stream.path.split("/").map(encodeURIComponent).join("/")}`;
  return {
    ...stream,
    viewers,
    urls: {
      watch,
      playlist: `${watch}/index.m3u8`,
      poster: `${watch}/poster.mp4`,
      ...(hasPictures && { thumbnail: `${watch}/thumbnail.jpg`, storyboard: `${watch}/storyboard.vtt` }),
    },
  };
}
