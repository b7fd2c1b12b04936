import type { Player, PlayerEvents } from "./player.ts";

/** Safari's, not in the standard library: wall clock of media time zero, from EXT-X-PROGRAM-DATE-TIME. */
type WithStartDate = HTMLVideoElement & { getStartDate?: () => Date };

/** Safari starts up to 20 s behind, but goes to the live edge when asked to. */
const FAR_BEHIND_SECONDS = 5;

/** Chromium gives up on a live playlist with fewer ("segment queue never had any data"), and iOS on a short one. */
const SEGMENTS_TO_START = 3;
const LOOK_AGAIN_MS = 1_000;

/** Plays with the browser's own HLS. */
export function playNatively(video: WithStartDate, url: string, events: PlayerEvents): Player {
  const listening = new AbortController();
  const { signal } = listening;

  video.addEventListener(
    "error",
    () => {
      // The same code stands for a codec it lacks and for a playlist it could not load, so a new attempt is right.
      events.failed(video.error?.message || `media error ${video.error?.code}`);
    },
    { signal },
  );
  video.addEventListener("playing", catchUp, { signal, once: true });
  void start();

  async function start(): Promise<void> {
    while (!signal.aborted && !(await hasEnough(url, signal)))
      await new Promise((wake) => setTimeout(wake, LOOK_AGAIN_MS));
    if (signal.aborted) return;
    video.src = url;
    video.load();
  }

  function edge(): number | undefined {
    const { seekable } = video;
    return seekable.length > 0 ? seekable.end(seekable.length - 1) : undefined;
  }

  function behindEdge(): number | undefined {
    const end = edge();
    return end === undefined || !Number.isFinite(end) ? undefined : end - video.currentTime;
  }

  function jumpToLive() {
    const end = edge();
    if (end !== undefined && Number.isFinite(end)) video.currentTime = end;
  }

  function catchUp() {
    if (video.getStartDate && (behindEdge() ?? 0) > FAR_BEHIND_SECONDS) jumpToLive();
  }

  return {
    kind: "native",
    playingDate() {
      const start = video.getStartDate?.().getTime();
      return start === undefined || Number.isNaN(start) ? undefined : start + video.currentTime * 1000;
    },
    behindEdge,
    targetLatency: () => undefined,
    jumpToLive,
    destroy() {
      listening.abort();
      video.removeAttribute("src");
      video.load();
    },
  };
}

/** Whether the stream has run long enough to start. What cannot be read is left to the browser to complain of. */
async function hasEnough(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const address = new URL(url, location.href);
    let playlist = await (await fetch(address, { signal })).text();
    const variant = playlist.split("\n").find((line) => line !== "" && !line.startsWith("#"));
    if (playlist.includes("#EXT-X-STREAM-INF") && variant) {
      playlist = await (await fetch(new URL(variant, address), { signal })).text();
    }
    const segments = playlist.match(/^#EXTINF:/gm)?.length ?? 0;
    return segments >= SEGMENTS_TO_START || segments === 0 || playlist.includes("#EXT-X-ENDLIST");
  } catch {
    return true;
  }
}
