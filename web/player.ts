import type { AudioTrack, Quality, QualitySwitch } from "./quality.ts";

/** What plays the stream into the video element. */
export interface Player {
  readonly kind: "hls.js" | "native" | "mpegts.js";
  /** Absent where the browser keeps its renditions to itself. */
  readonly renditions?: Renditions;
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

/** What a player may choose from. Names are as long-lived as the stream. */
export interface Renditions {
  /** Best first. */
  readonly qualities: readonly Quality[];
  /** Name of the one that was chosen by hand; undefined while the player decides. */
  readonly chosen: string | undefined;
  /** Whose pictures are on screen. */
  readonly shown: Quality | undefined;
  /** Why `shown` is another than before; undefined before the first switch. */
  readonly lastSwitch: QualitySwitch | undefined;
  /** Bits per second that the network carries, as the player has measured. */
  readonly bandwidth: number | undefined;
  readonly audioTracks: readonly AudioTrack[];
  /** Name of the one that is heard. */
  readonly heard: string | undefined;
  /** @param name undefined leaves it to the player */
  choose(name: string | undefined): void;
  chooseAudio(name: string): void;
}

export type PlayerEvents = {
  /** It cannot go on; make a new one. */
  readonly failed: (reason: string) => void;
  /** The browser lacks a codec. */
  readonly unsupported: (reason: string) => void;
  /** Repaired without help; for the log. */
  readonly recovered: (reason: string) => void;
  /** Its `renditions` are others than before, or what is shown of them. */
  readonly renditionsChanged: () => void;
};
