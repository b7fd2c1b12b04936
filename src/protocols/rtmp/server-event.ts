import type { Millis } from "../../media/time.ts";
import type { ConnectRequest } from "./capabilities.ts";
import type { StreamPath } from "./stream-path.ts";

export type RtmpServerOptions = {
  /** Chunk size of what is sent; announced before the answer to connect, because FFmpeg adopts it. */
  readonly chunkSize: number;
  readonly ackWindow: number;
  readonly maxMessageSize: number;
  /** Message streams that may exist at the same time. */
  readonly maxStreams: number;
  /** From the first byte, or the end of the last publish or play, until the next one is asked for. */
  readonly handshakeTimeout: Millis;
  /** A publisher or player without a whole message for this long, media or not, is closed. */
  readonly idleTimeout: Millis;
  /** A publisher without a media message for this long is closed; 0 lets it stay as long as it answers pings. */
  readonly mediaTimeout: Millis;
  /** 0 turns pings off. */
  readonly pingInterval: Millis;
};

export type RtmpMedia = {
  readonly type: "media";
  /** The publish, as in `publishRequested`. */
  readonly id: number;
  readonly messageType: 8 | 9 | 18;
  /** Milliseconds, modulo 2^32. */
  readonly timestamp: number;
  /** FLV tag body; for 18 AMF0 values. */
  readonly body: Uint8Array;
};

/** What the play command says beside the name, as it came; milliseconds, and 0 where it says nothing. */
export type PlayRange = { readonly start: number; readonly duration: number; readonly reset: boolean };

/** What the application learns. Requests wait for its answer. */
export type RtmpServerEvent =
  /** Answer with `acceptConnect` or `rejectConnect`. Nothing else comes before. */
  | { readonly type: "connectRequested"; readonly request: ConnectRequest }
  /** Answer with `acceptPublish` or `rejectPublish`. The id is the publish's own and is not used again. */
  | {
      readonly type: "publishRequested";
      readonly id: number;
      readonly target: StreamPath;
      /** What stood behind `?` in the name alone. */
      readonly args: string;
      /** `live`, `record` or `append` (RTMP 1.0 7.2.2.6). */
      readonly publishType: string;
    }
  /** Answer with `acceptPlay` or `rejectPlay`. The id as above. */
  | {
      readonly type: "playRequested";
      readonly id: number;
      readonly streamId: number;
      readonly target: StreamPath;
      readonly args: string;
      readonly range: PlayRange;
      /** The name was `mp4:...`, as names of files are. */
      readonly isMp4: boolean;
    }
  /** The player of a file wants it from another place. Answer with `playSought`. */
  | { readonly type: "playSought"; readonly id: number; readonly time: Millis }
  /** The player pauses, or goes on. */
  | { readonly type: "playPaused"; readonly id: number; readonly paused: boolean }
  /** The player wants no more audio, or video, or wants it again. */
  | { readonly type: "playWants"; readonly id: number; readonly kind: "audio" | "video"; readonly wanted: boolean }
  /** The client has ended this play; the connection goes on. */
  | { readonly type: "playStopped"; readonly id: number }
  /** A publish or play that the session itself refused: the path is not one. */
  | { readonly type: "refused"; readonly request: "publish" | "play"; readonly reason: string }
  /** Only of accepted publishes. */
  | RtmpMedia
  /** The client has ended this publish; the connection goes on. */
  | { readonly type: "unpublish"; readonly id: number; readonly reason: string };
