import type { Player, PlayerEvents } from "./player.ts";

/** Seconds of media that it holds, and from which on it plays a little faster to have no more than that. */
const TARGET_SECONDS = 0.6;
const MOST_SECONDS = 1.2;
/** Too little to hear. */
const RATE = 1.05;

/**
 * Plays FLV as it comes, without segments: nearer to live than HLS, without choice of quality, and with a network that keeps up.
 * mpegts.js is loaded only for it.
 */
export function playWithFlv(video: HTMLVideoElement, url: string, events: PlayerEvents): Player {
  let isOver = false;
  let end = () => {};
  void start().catch((error: unknown) => events.failed(String(error)));

  async function start(): Promise<void> {
    const { default: mpegts } = await import("mpegts.js");
    if (isOver) return;
    const player = mpegts.createPlayer(
      { type: "flv", isLive: true, url: new URL(url, location.href).href },
      {
        enableStashBuffer: false,
        liveSync: true,
        liveSyncTargetLatency: TARGET_SECONDS,
        liveSyncMaxLatency: MOST_SECONDS,
        liveSyncPlaybackRate: RATE,
        autoCleanupSourceBuffer: true,
      },
    );
    end = () => player.destroy();
    player.on(mpegts.Events.ERROR, (type: string, detail: string) => {
      const isCodec = detail === mpegts.ErrorDetails.MEDIA_CODEC_UNSUPPORTED;
      events[isCodec ? "unsupported" : "failed"](`${type}: ${detail}`);
    });
    player.on(mpegts.Events.LOADING_COMPLETE, () => events.failed("the stream has ended"));
    player.attachMediaElement(video);
    player.load();
  }

  function behindEdge(): number | undefined {
    const { buffered } = video;
    return buffered.length === 0 ? undefined : buffered.end(buffered.length - 1) - video.currentTime;
  }

  return {
    kind: "mpegts.js",
    playingDate: () => undefined,
    behindEdge,
    targetLatency: () => TARGET_SECONDS,
    jumpToLive() {
      const behind = behindEdge();
      if (behind !== undefined && behind > TARGET_SECONDS) video.currentTime += behind - TARGET_SECONDS;
    },
    destroy() {
      isOver = true;
      end();
    },
  };
}
