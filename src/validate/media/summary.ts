import type { Ticks } from "../../media/time.ts";

export type Container = "fmp4" | "mpegts" | "packed-audio" | "webvtt";

/** What is kept of a segment or part when its bytes are gone. */
export type MediaSummary = {
  readonly container: Container;
  /** Tracks with frames, in the order of the file. */
  readonly tracks: readonly TrackSummary[];
  /** Id and codec of all audio and video tracks that are announced, with frames or without. */
  readonly announced: readonly string[];
  /** First and last mfhd sequence number. */
  readonly sequence?: { readonly first: number; readonly last: number };
  /** First and last continuity counter of each PID. */
  readonly counters?: ReadonlyMap<number, Counters>;
  /** Frames, to tell whether parts and segment have the same; only where asked for. */
  readonly frames: readonly FrameDigest[];
};

export type Counters = { readonly first: number; readonly last: number; readonly kind: "media" | "tables" };

/** A frame of a track: where it is in time, and a hash of its bytes. */
export type FrameDigest = {
  readonly track: number;
  readonly dts: Ticks;
  readonly pts: Ticks;
  readonly size: number;
  readonly hash: number;
};

export type TrackSummary = {
  /** track_ID or PID. */
  readonly id: number;
  readonly kind: "video" | "audio" | "other";
  /** RFC 6381, as far as the media says it. */
  readonly codec: string;
  readonly timescale: number;
  /** What times wrap at (MPEG-TS: 2^33); undefined where they do not. */
  readonly modulus?: number;
  /** Decoding time of the first and the last frame, and where the last ends. */
  readonly decodeStart: Ticks;
  readonly decodeLast: Ticks;
  readonly decodeEnd: Ticks;
  /** False where the duration of the last frame is a guess. */
  readonly exact: boolean;
  /** Earliest presentation time, and the end of the frame that is shown last; behind the edit list. */
  readonly presentationStart: Ticks;
  readonly presentationEnd: Ticks;
  readonly frames: number;
  readonly bytes: number;
  /** Decoding times of the frames that decoding can start at. Of audio: none. */
  readonly keys: readonly Ticks[];
  /** The first frame is one of them. */
  readonly beginsWithKey: boolean;
  /** As displayed; undefined where it is not known, and for audio. */
  readonly size?: { readonly width: number; readonly height: number };
};

/** Seconds from `from` to `to`, the short way round where times wrap. */
export function secondsBetween(track: TrackSummary, from: Ticks, to: Ticks): number {
  return ticksBetween(track, from, to) / track.timescale;
}

/** Ticks from `from` to `to`, the short way round where times wrap. */
export function ticksBetween(track: Pick<TrackSummary, "modulus">, from: Ticks, to: Ticks): Ticks {
  const { modulus } = track;
  if (modulus === undefined) return to - from;
  const forward = (((to - from) % modulus) + modulus) % modulus;
  return forward < modulus / 2 ? forward : forward - modulus;
}

/** Of a frame, on average; 0 with none. */
export function frameTicks(track: TrackSummary): Ticks {
  return track.frames === 0 ? 0 : ticksBetween(track, track.decodeStart, track.decodeEnd) / track.frames;
}

/** The track whose times count for the whole: video, else audio, else the first. */
export function leadingTrack(summary: MediaSummary): TrackSummary | undefined {
  const { tracks } = summary;
  return tracks.find(({ kind }) => kind === "video") ?? tracks.find(({ kind }) => kind === "audio") ?? tracks[0];
}

/** Frames per second, of video in at least two frames. */
export function frameRate(track: TrackSummary): number | undefined {
  const frame = frameTicks(track);
  return track.kind === "video" && track.frames > 1 && frame > 0 ? track.timescale / frame : undefined;
}
