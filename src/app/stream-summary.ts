import type { EncoderSummary, StreamSummary } from "../gateways/http/stream-list.ts";
import type { RungState } from "../hls/rung-feed.ts";
import type { Millis } from "../media/time.ts";
import type { AudioTrack, VideoTrack } from "../media/track.ts";
import type { Source } from "../streams/source.ts";
import type { Stream } from "../streams/stream.ts";

export type SummaryContext = {
  readonly now: Millis;
  readonly wallclockAt: (now: Millis) => Millis;
  /** When the stream ends if no encoder comes; undefined while one is connected. */
  readonly endsAt: Millis | undefined;
  /** Its renditions beside the source. */
  readonly rungs: readonly RungState[];
};

/** A stream whose encoder may come back after a restart of the server. Times are wall clock. */
export function summariseExpected(path: string, since: Millis, until: Millis): StreamSummary {
  const times = { since: new Date(since).toISOString(), until: new Date(until).toISOString() };
  return { path, state: "waiting", waiting: times, since: times.since, encoders: [], bitrate: 0, keyframeInterval: 0 };
}

/** A stream as viewers and the start page are told of it. */
export function summarise(stream: Stream, { now, wallclockAt, endsAt, rungs }: SummaryContext): StreamSummary {
  const video = stream.tracks.find((track): track is VideoTrack => track.kind === "video");
  const audio = stream.tracks.find((track): track is AudioTrack => track.kind === "audio");
  const stats = stream.stats(now);
  const at = (time: Millis): string => new Date(wallclockAt(time)).toISOString();
  const { state, onAir, waitingSince } = stream;
  const waits = state === "waiting" && waitingSince !== undefined;
  return {
    path: stream.path,
    state,
    ...(waits && { waiting: { since: at(waitingSince), ...(endsAt !== undefined && { until: at(endsAt) }) } }),
    since: at(onAir?.since ?? stream.createdAt),
    onAir: onAir?.role,
    encoders: stream.sources.map((source) => summariseEncoder(source, source === onAir ? stats.bitrate : undefined)),
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
    agent: onAir?.request.agent,
    keyframeInterval: stats.keyframeInterval,
    ...(rungs.length > 0 && { rungs }),
  };

  function summariseEncoder(source: Source, onAirBitrate: number | undefined): EncoderSummary {
    const steady = source.steadyFor(now);
    return {
      role: source.role,
      state: source.isPaused(now) ? "silent" : onAirBitrate === undefined ? "standby" : "on-air",
      since: at(source.since),
      agent: source.request.agent,
      bitrate: onAirBitrate ?? source.standby.meter.read(now).bitrate,
      ...(steady > 0 && { steadySince: at(now - steady) }),
    };
  }
}
