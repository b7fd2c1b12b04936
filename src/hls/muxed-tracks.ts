import { sameBytes } from "../bytes/same-bytes.ts";
import type { AudioTrack, CodecConfig, Track, VideoTrack } from "../media/track.ts";

/** The tracks that go into one muxed rendition. */
export type MuxedTracks = { readonly video?: VideoTrack; readonly audio?: AudioTrack };

export type TrackChoice = {
  readonly tracks: MuxedTracks;
  /** What is not in it, and why. */
  readonly leftOut: readonly { readonly track: Track; readonly reason: string }[];
};

/** The first video and the first audio track whose codec the container can carry. */
export function chooseTracks(all: readonly Track[], canCarry: (config: CodecConfig) => boolean): TrackChoice {
  let video: VideoTrack | undefined;
  let audio: AudioTrack | undefined;
  const leftOut: { track: Track; reason: string }[] = [];
  for (const track of all) {
    if (track.kind === "data") continue;
    if (!canCarry(track.config))
      leftOut.push({ track, reason: `the container has no mapping for ${track.config.codec}` });
    else if (track.kind === "video" && !video) video = track;
    else if (track.kind === "audio" && !audio) audio = track;
    else leftOut.push({ track, reason: `only the first ${track.kind} track is muxed` });
  }
  return { tracks: { video, audio }, leftOut };
}

/**
 * The tracks of the lead rendition and what it may say of the others: further video is in rungs, and with `separateAudio`
 * the sound in renditions of its own.
 */
export function leadTracks(
  all: readonly Track[],
  canCarry: (config: CodecConfig) => boolean,
  separateAudio: boolean,
): Track[] {
  const lead = all.find((track) => track.kind === "video" && canCarry(track.config));
  return all.filter((track) => {
    if (track.kind === "video") return track === lead || !canCarry(track.config);
    return track.kind === "data" || !separateAudio || !canCarry(track.config);
  });
}

/** Video first: the order of the tracks in the init section. */
export function trackList(tracks: MuxedTracks): (VideoTrack | AudioTrack)[] {
  const list: (VideoTrack | AudioTrack)[] = [];
  if (tracks.video) list.push(tracks.video);
  if (tracks.audio) list.push(tracks.audio);
  return list;
}

export function sameTracks(a: MuxedTracks, b: MuxedTracks): boolean {
  return sameTrack(a.video, b.video) && sameTrack(a.audio, b.audio);
}

/** Whether every track of `before` is in `after`, unchanged. */
export function keepsTracks(before: MuxedTracks, after: MuxedTracks): boolean {
  return (
    (!before.video || sameTrack(before.video, after.video)) && (!before.audio || sameTrack(before.audio, after.audio))
  );
}

function sameTrack(a: VideoTrack | AudioTrack | undefined, b: VideoTrack | AudioTrack | undefined): boolean {
  if (a === b) return true;
  if (!a || !b) return false;
  return (
    a.id === b.id &&
    a.timescale === b.timescale &&
    a.language === b.language &&
    a.config.codec === b.config.codec &&
    sameBytes(a.config.record, b.config.record) &&
    sameShape(a.config, b.config)
  );
}

function sameShape(a: CodecConfig, b: CodecConfig): boolean {
  if ("width" in a || "width" in b) {
    return "width" in a && "width" in b && a.width === b.width && a.height === b.height;
  }
  return a.sampleRate === b.sampleRate && a.channels === b.channels && a.samplesPerPacket === b.samplesPerPacket;
}
