import Hls, { type ErrorData, ErrorDetails, ErrorTypes, Events, type LoadPolicy } from "hls.js";
import { HlsRenditions } from "./hls-renditions.ts";
import { ESTIMATE, PartAbrController } from "./part-abr.ts";
import type { Player, PlayerEvents } from "./player.ts";
import type { Preference } from "./quality.ts";

/** A second media error this soon after a repair means that the repair did not help. */
const REPAIR_MS = 5_000;

/** Tries in a row: a server that restarts may take half a minute, and a new player would lose the picture. */
const RETRIES = { maxNumRetry: 20, retryDelayMs: 500, maxRetryDelayMs: 3_000 };

export function canPlayWithHls(): boolean {
  return Hls.isSupported();
}

/** Plays with Media Source Extensions, low latency where the playlist offers it. */
export function playWithHls(
  video: HTMLVideoElement,
  url: string,
  preference: Preference,
  events: PlayerEvents,
): Player {
  const hls = new Hls({
    lowLatencyMode: true,
    // Too little to hear, enough to make up for a hiccup within a few seconds.
    maxLiveSyncPlaybackRate: 1.05,
    backBufferLength: 30,
    capLevelOnFPSDrop: true,
    abrController: PartAbrController,
    ...ESTIMATE,
    playlistLoadPolicy: patient(Hls.DefaultConfig.playlistLoadPolicy),
    fragLoadPolicy: patient(Hls.DefaultConfig.fragLoadPolicy),
  });
  let repairedAt = Number.NEGATIVE_INFINITY;

  hls.on(Events.ERROR, (_event, data) => {
    const reason = describe(data);
    if (!data.fatal) return;
    if (data.details === ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR || isCodecRefused(data)) {
      events.unsupported(reason);
    } else if (data.type === ErrorTypes.MEDIA_ERROR && performance.now() - repairedAt > REPAIR_MS) {
      repairedAt = performance.now();
      hls.recoverMediaError();
      events.recovered(reason);
    } else {
      events.failed(reason);
    }
  });
  const renditions = new HlsRenditions(hls, preference, events.renditionsChanged);
  hls.loadSource(url);
  hls.attachMedia(video);

  return {
    kind: "hls.js",
    renditions,
    playingDate: () => hls.playingDate?.getTime(),
    behindEdge: () => (hls.liveSyncPosition === null ? undefined : hls.liveSyncPosition - video.currentTime),
    targetLatency: () => hls.targetLatency ?? undefined,
    jumpToLive() {
      if (hls.liveSyncPosition !== null) video.currentTime = hls.liveSyncPosition;
    },
    destroy: () => hls.destroy(),
  };
}

function patient(policy: LoadPolicy): LoadPolicy {
  return { default: { ...policy.default, timeoutRetry: RETRIES, errorRetry: RETRIES } };
}

function isCodecRefused(data: ErrorData): boolean {
  return (
    data.details === ErrorDetails.BUFFER_ADD_CODEC_ERROR ||
    data.details === ErrorDetails.BUFFER_INCOMPATIBLE_CODECS_ERROR
  );
}

/** hls.js quotes whole playlists. */
const MAX_REASON = 160;

function describe(data: ErrorData): string {
  const status = data.response?.code ? ` (HTTP ${data.response.code})` : "";
  const reason = (data.reason ?? data.error?.message ?? "").split("\n", 1)[0]?.slice(0, MAX_REASON);
  return `${data.details}${status}${reason ? `: ${reason}` : ""}`;
}
