import { sameBytes } from "../bytes/same-bytes.ts";
import { canCarry } from "../formats/mpegts/elementary-stream.ts";
import { MAX_AUDIO_TRACKS } from "../formats/mpegts/muxer.ts";
import type { AudioTrack, Track, VideoTrack } from "../media/track.ts";

export type TsTrack = VideoTrack | AudioTrack;

/** Why a track is left out: the container has no mapping for its codec or config, or it is one too many. */
export type TsSkipReason = "codec" | "second-video" | "too-many-audio";

export type TsSelection = {
  readonly tracks: readonly TsTrack[];
  readonly skipped: readonly { readonly track: TsTrack; readonly reason: TsSkipReason }[];
};

/** Which of a stream's tracks one MPEG-TS program carries: the first video and the audio, of codecs that it has a mapping for. */
export function selectTsTracks(all: readonly Track[]): TsSelection {
  const tracks: TsTrack[] = [];
  const skipped: { track: TsTrack; reason: TsSkipReason }[] = [];
  let hasVideo = false;
  let audioCount = 0;
  for (const track of all) {
    if (track.kind === "data") continue;
    if (!canCarry(track.config)) {
      skipped.push({ track, reason: "codec" });
    } else if (track.kind === "video") {
      if (hasVideo) skipped.push({ track, reason: "second-video" });
      else tracks.push(track);
      hasVideo = true;
    } else if (audioCount++ < MAX_AUDIO_TRACKS) {
      tracks.push(track);
    } else {
      skipped.push({ track, reason: "too-many-audio" });
    }
  }
  return { tracks, skipped };
}

/** Whether decoders that are set up for `a` can go on with `b`. */
export function isSameProgram(a: readonly TsTrack[], b: readonly TsTrack[]): boolean {
  return a.length === b.length && a.every((track, index) => isSameTrack(track, b[index]));
}

function isSameTrack(a: TsTrack, b: TsTrack | undefined): boolean {
  return (
    b !== undefined &&
    a.id === b.id &&
    a.timescale === b.timescale &&
    a.config.codec === b.config.codec &&
    a.config.codecString === b.config.codecString &&
    sameBytes(a.config.record, b.config.record)
  );
}
