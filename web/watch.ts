import "media-chrome/dist/media-controller.js";
import "media-chrome/dist/media-control-bar.js";
import "media-chrome/dist/media-fullscreen-button.js";
import "media-chrome/dist/media-live-button.js";
import "media-chrome/dist/media-loading-indicator.js";
import "media-chrome/dist/media-mute-button.js";
import "media-chrome/dist/media-pip-button.js";
import "media-chrome/dist/media-play-button.js";
import "media-chrome/dist/media-volume-range.js";
import type { ListedStream } from "../src/gateways/http/stream-list.ts";
import { fetchStream } from "./api.ts";
import { byId } from "./element.ts";
import { playWithFlv } from "./flv-player.ts";
import { formatCodecs } from "./format.ts";
import { canPlayWithHls, playWithHls } from "./hls-player.ts";
import { playNatively } from "./native-player.ts";
import type { Player, PlayerEvents } from "./player.ts";
import { readPreference, storePreference } from "./preference.ts";
import { type QualitySwitch, type SwitchReason, sizeOf } from "./quality.ts";
import { RenditionView } from "./rendition-view.ts";
import { ServerClock } from "./server-clock.ts";
import { FIRST_SESSION, nextSession, type Phase, type SessionInput } from "./session.ts";
import { WatchView } from "./watch-view.ts";

const IDLE_POLL_MS = 2_000;
/** While it plays, the facts can change, and the encoder can go. */
const PLAYING_POLL_MS = 3_000;
const HIDDEN_POLL_MS = 15_000;
const TICK_MS = 500;
/** A player that stands still this long although the encoder sends is replaced. */
const STUCK_MS = 12_000;
/** After a background tab or a standstill, a viewer further behind than this is brought back to live. */
const FAR_BEHIND_SECONDS = 6;
/** How long after a standstill that is looked for: what was missed arrives only then. */
const CATCH_UP_MS = 5_000;
/** Seconds further behind than the player means to be, for that long, and it is taken back to live: by its rate it would take minutes. */
const ADRIFT_SECONDS = 4;
const ADRIFT_MS = 3_000;
const MAX_REMEMBERED = 50;
/** Time is told about four times a second; more than this at once is a jump. */
const MAX_STEP_SECONDS = 1.5;

/** For tests and for the curious at the console. */
export type NaruState = {
  state: Phase;
  player: Player["kind"] | undefined;
  /** Seconds from the server's clock to the picture. */
  latency: number | undefined;
  /** Seconds behind the newest media that the player holds. */
  target: number | undefined;
  /** Seconds that can be jumped ahead. */
  behindEdge: number | undefined;
  currentTime: number;
  /** Name of the quality on screen, where the player tells. */
  quality: string | undefined;
  /** Bits per second that the player measured. */
  bandwidth: number | undefined;
  /** Every change of quality. */
  switches: { readonly at: number; readonly from: string; readonly to: string; readonly reason: SwitchReason }[];
  errors: string[];
  recovered: string[];
};

const path = decodeURIComponent(location.pathname.replace(/^\/+|\/+$/g, ""));
const playlistUrl = `${location.pathname.replace(/\/+$/, "")}/index.m3u8`;
const flvUrl = `${location.pathname.replace(/\/+$/, "")}.flv`;
const wanted = new URLSearchParams(location.search).get("player");
const video = byId("video", HTMLVideoElement);
const clock = new ServerClock();
const view = new WatchView(path, new URL(playlistUrl, location.href).href, video);
const renditionView = new RenditionView(chooseQuality, chooseAudio);
let preference = readPreference();

const state: NaruState = {
  state: "connecting",
  player: undefined,
  latency: undefined,
  target: undefined,
  behindEdge: undefined,
  currentTime: 0,
  quality: undefined,
  bandwidth: undefined,
  switches: [],
  errors: [],
  recovered: [],
};
Object.assign(window, { naru: state });

let session = FIRST_SESSION;
let player: Player | undefined;
let stream: ListedStream | undefined;
let lastSwitch: QualitySwitch | undefined;
let polling: ReturnType<typeof setTimeout> | undefined;
let moved = { time: 0, at: performance.now() };
let heldAt = performance.now();
/** Who pauses wants to be behind. */
let pausedByViewer = false;
let stoodStillAt = Number.NEGATIVE_INFINITY;

function feed(input: SessionInput): void {
  const before = session;
  session = nextSession(before, input, Date.now());
  if (session.attached && !player) attach();
  else if (!session.attached && player) detach();
  if (session.phase === before.phase) return;
  state.state = session.phase;
  view.showPhase(session.phase, stream);
  // The server knows why.
  if (input.type === "player" && input.event !== "playing") void poll();
}

function attach(): void {
  const current = {
    failed: (reason: string) => {
      remember(state.errors, reason);
      feed({ type: "player", event: "failed" });
    },
    unsupported: (reason: string) => {
      remember(state.errors, reason);
      feed({ type: "player", event: "unsupported" });
    },
    recovered: (reason: string) => remember(state.recovered, reason),
    renditionsChanged: showRenditions,
  };
  moved = { time: video.currentTime, at: performance.now() };
  if (wanted === "flv") player = playWithFlv(video, flvUrl, current);
  else player = playHls(current);
  state.player = player.kind;
}

function playHls(current: PlayerEvents): Player {
  const native = wanted === "native" || (wanted !== "hls" && !canPlayWithHls());
  return native ? playNatively(video, playlistUrl, current) : playWithHls(video, playlistUrl, preference, current);
}

function detach(): void {
  player?.destroy();
  player = undefined;
  state.player = undefined;
  state.latency = undefined;
  state.behindEdge = undefined;
  showRenditions();
}

function chooseQuality(name: string | undefined): void {
  const chosen = player?.renditions?.qualities.find((quality) => quality.name === name);
  preference = { ...preference, size: chosen && sizeOf(chosen) };
  storePreference(preference);
  player?.renditions?.choose(name);
}

function chooseAudio(name: string): void {
  const chosen = player?.renditions?.audioTracks.find((track) => track.name === name);
  preference = { ...preference, audio: chosen };
  storePreference(preference);
  player?.renditions?.chooseAudio(name);
}

function showRenditions(): void {
  const renditions = player?.renditions;
  const change = renditions?.lastSwitch;
  if (change && change !== lastSwitch) {
    remember(state.switches, { at: Date.now(), from: change.from.name, to: change.to.name, reason: change.reason });
  }
  lastSwitch = change;
  state.quality = renditions?.shown?.name;
  renditionView.show(renditions, stream?.rungs ?? []);
}

async function poll(): Promise<void> {
  clearTimeout(polling);
  // Set first, so that there is always a next time.
  const interval = document.hidden ? HIDDEN_POLL_MS : session.phase === "playing" ? PLAYING_POLL_MS : IDLE_POLL_MS;
  polling = setTimeout(poll, interval * (0.9 + 0.2 * Math.random()));
  const lookup = await fetchStream(path, clock);
  if (lookup.found === "stream") {
    stream = lookup.stream;
    view.showStream(stream);
    showRenditions();
    feed({ type: "server", state: stream.state, media: `${stream.since} ${formatCodecs(stream)}` });
  } else {
    if (lookup.found === "none") view.showStream((stream = undefined));
    feed({ type: "server", state: lookup.found });
  }
}

function tick(): void {
  state.currentTime = video.currentTime;
  if (!player) {
    view.showLatency(undefined);
    return;
  }
  const date = player.playingDate();
  state.latency = date === undefined ? player.behindEdge() : (clock.at(Date.now()) - date) / 1000;
  state.behindEdge = player.behindEdge();
  state.target = player.targetLatency();
  state.bandwidth = player.renditions?.bandwidth;
  view.showLatency(session.phase === "playing" && !video.paused ? state.latency : undefined, state.target);

  const now = performance.now();
  if (session.phase === "waiting" || session.phase === "buffering") stoodStillAt = now;
  else if (now - stoodStillAt < CATCH_UP_MS) catchUp();
  stayNearLive(now);
  if (video.currentTime !== moved.time || video.paused || stream?.state !== "live") {
    moved = { time: video.currentTime, at: now };
  } else if (now - moved.at > STUCK_MS && !document.hidden) {
    moved.at = now;
    remember(state.errors, "playback stands still");
    feed({ type: "player", event: "failed" });
  }
}

/** After losses a player may be far behind although it plays well. */
function stayNearLive(now: number): void {
  const { latency = 0, target = latency } = state;
  if (pausedByViewer || session.phase !== "playing" || latency - target < ADRIFT_SECONDS) heldAt = now;
  if (now - heldAt < ADRIFT_MS) return;
  heldAt = now;
  remember(state.recovered, `${latency.toFixed(1)} s behind: taken back to live`);
  player?.jumpToLive();
}

function catchUp(): void {
  if (!video.paused && (player?.behindEdge() ?? 0) > FAR_BEHIND_SECONDS) player?.jumpToLive();
}

function remember<T>(list: T[], entry: T): void {
  if (list.length >= MAX_REMEMBERED) list.shift();
  list.push(entry);
}

// Browsers announce "playing" before the first picture, and jump about while they look for where to start.
let shownTime = Number.NaN;
video.addEventListener("timeupdate", () => {
  const advanced = video.currentTime - shownTime;
  shownTime = video.currentTime;
  if (!video.paused && !video.seeking && advanced > 0 && advanced < MAX_STEP_SECONDS)
    feed({ type: "player", event: "playing" });
});
video.addEventListener("loadstart", () => {
  if (player) view.play();
});
video.addEventListener("pause", () => {
  pausedByViewer = session.phase === "playing";
});
video.addEventListener("waiting", () => feed({ type: "player", event: "stalled" }));
video.addEventListener("ended", () => feed({ type: "player", event: "ended" }));

// media-chrome asks: is this live, and jump to live. The buffered end is further than playback stays smooth.
Object.defineProperty(video, "liveEdgeStart", {
  get: () => {
    const behind = player?.behindEdge();
    return behind === undefined ? Number.NaN : video.currentTime + behind - 2;
  },
});
byId("controller", HTMLElement).addEventListener(
  "mediaseektoliverequest",
  (event) => {
    event.stopImmediatePropagation();
    pausedByViewer = false;
    player?.jumpToLive();
  },
  { capture: true },
);

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  void poll();
  catchUp();
});
addEventListener("online", () => void poll());

view.showPhase(session.phase, undefined);
setInterval(tick, TICK_MS);
void poll();
