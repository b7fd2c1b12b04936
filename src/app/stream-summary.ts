import type { StreamSummary } from "../gateways/http/stream-list.ts";
import type { Millis } from "../media/time.ts";
import type { AudioTrack, VideoTrack } from "../media/track.ts";
import type { Stream } from "../streams/stream.ts";

/** A stream as viewers and the start page are told of it. */
export function summarise(stream: Stream, now: Millis, wallclockAt: (now: Millis) => Millis): StreamSummary {
  const video = stream.tracks.find((track): track is VideoTrack => track.kind === "video");
  const audio = stream.tracks.find((track): track is AudioTrack => track.kind === "audio");
  const stats = stream.stats(now);
  return {
    path: stream.path,
    state: stream.state,
    since: new Date(wallclockAt(stream.publisher?.since ?? stream.createdAt)).toISOString(),
    video: video && {
      codec: video.config.codec,
      width: video.config.width,
      height: video.config.height,
      frameRate: stats.frameRate,
    },
    audio: audio && {
      codec: audio.config.codec,
      channels: audio.config.channels,
      sampleRate: audio.config.sampleRate,
    },
    bitrate: stats.bitrate,
    agent: stream.publisher?.agent,
    keyframeInterval: stats.keyframeInterval,
  };
}
