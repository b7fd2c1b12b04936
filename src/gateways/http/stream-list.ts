import type { AudioCodec, VideoCodec } from "../../media/track.ts";

/** One stream as the start page and `/api/streams` show it. */
export type StreamSummary = {
  /** `application/name`. */
  readonly path: string;
  /** `waiting`: the encoder is gone and may come back. */
  readonly state: "live" | "waiting" | "ended";
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
};

/** What the gateway adds to a summary. URLs are relative to the server. */
export type ListedStream = StreamSummary & {
  readonly viewers: number;
  readonly urls: { readonly watch: string; readonly playlist: string; readonly poster: string };
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

export function listStream(stream: StreamSummary, viewers: number): ListedStream {
  const watch = `/${stream.path.split("/").map(encodeURIComponent).join("/")}`;
  return {
    ...stream,
    viewers,
    urls: { watch, playlist: `${watch}/index.m3u8`, poster: `${watch}/poster.mp4` },
  };
}
