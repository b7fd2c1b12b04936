/** What plays the stream into the video element. */
export interface Player {
  readonly kind: "hls.js" | "native";
  /** Wall clock of the picture on screen, in ms since the epoch; undefined when the playlist does not tell. */
  playingDate(): number | undefined;
  /** Seconds that can be jumped ahead. */
  behindEdge(): number | undefined;
  /** Seconds behind the newest media that the player holds by its playback rate; undefined when it holds none. */
  targetLatency(): number | undefined;
  /** As near to live as playback stays smooth. */
  jumpToLive(): void;
  destroy(): void;
}

export type PlayerEvents = {
  /** It cannot go on; make a new one. */
  readonly failed: (reason: string) => void;
  /** The browser lacks a codec. */
  readonly unsupported: (reason: string) => void;
  /** Repaired without help; for the log. */
  readonly recovered: (reason: string) => void;
};
