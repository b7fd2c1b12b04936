import type { ListedStream } from "../src/gateways/http/stream-list.ts";
import { copyOnClick } from "./copy.ts";
import { byId } from "./element.ts";
import { formatCodecs, formatMedia } from "./format.ts";
import type { Phase } from "./session.ts";
import { strings } from "./strings.ts";

/** Buffering this short is not worth a word. */
const PATIENCE_MS = 1_200;
/** Shown for a moment; what plays comes first. */
const POSTER_WIDTH = 640;

/** What the watch page shows. */
export class WatchView {
  readonly #notice = byId("notice", HTMLDivElement);
  readonly #stage = byId("stage", HTMLDivElement);
  readonly #controller = byId("controller", HTMLElement);
  readonly #title = byId("notice-title", HTMLHeadingElement);
  readonly #text = byId("notice-text", HTMLParagraphElement);
  readonly #state = byId("state", HTMLSpanElement);
  readonly #latency = byId("latency", HTMLSpanElement);
  readonly #facts = byId("facts", HTMLSpanElement);
  readonly #viewers = byId("viewers", HTMLSpanElement);
  readonly #sound = byId("sound", HTMLButtonElement);
  readonly #play = byId("play", HTMLButtonElement);
  #phase: Phase = "connecting";
  #patience: ReturnType<typeof setTimeout> | undefined;
  #hasAudio = false;
  #poster: HTMLImageElement | undefined;

  constructor(
    path: string,
    playlistUrl: string,
    private readonly video: HTMLVideoElement,
  ) {
    document.title = `${path} \u00b7 naru`;
    byId("name", HTMLHeadingElement).textContent = path;
    copyOnClick(byId("copy-page", HTMLButtonElement), strings.copyPage, () => location.origin + location.pathname);
    copyOnClick(byId("copy-playlist", HTMLButtonElement), strings.copyPlaylist, () => playlistUrl);
    this.#sound.textContent = strings.tapForSound;
    this.#play.textContent = strings.tapToPlay;
    this.#sound.addEventListener("click", () => {
      video.muted = false;
      if (video.volume === 0) video.volume = 1;
    });
    this.#play.addEventListener("click", () => this.play());
    video.addEventListener("resize", () => this.#shape(video.videoWidth, video.videoHeight));
    for (const event of ["volumechange", "playing", "pause"]) video.addEventListener(event, () => this.#showTaps());
  }

  /** Starts playing; muted, browsers allow it nearly always. */
  play(): void {
    this.video.play().then(
      () => (this.#play.hidden = true),
      (error: unknown) => {
        if (error instanceof DOMException && error.name === "NotAllowedError") this.#play.hidden = false;
      },
    );
  }

  showPhase(phase: Phase, stream: ListedStream | undefined): void {
    this.#phase = phase;
    clearTimeout(this.#patience);
    const overPicture = phase === "buffering" || (phase === "waiting" && this.video.readyState >= 2);
    this.#notice.classList.toggle("over", overPicture || (phase === "starting" && this.video.poster !== ""));
    // Controls that cannot be seen cannot be pressed.
    this.#controller.inert = phase !== "playing" && !overPicture;
    // media-chrome's own indicator turns meanwhile.
    if (phase === "buffering") this.#patience = setTimeout(() => this.#showNotice(phase, stream), PATIENCE_MS);
    else this.#showNotice(phase, stream);
    this.#showTaps();
  }

  showStream(stream: ListedStream | undefined): void {
    this.#hasAudio = stream?.audio !== undefined;
    this.#state.hidden = stream === undefined;
    if (stream) {
      this.#state.textContent = strings[stream.state];
      this.#state.dataset.state = stream.state;
      this.#showPoster(stream);
      if (stream.video && this.video.videoWidth === 0) this.#shape(stream.video.width, stream.video.height);
    }
    this.#facts.textContent = stream ? formatMedia(stream).join(" \u00b7 ") : "";
    this.#viewers.textContent = stream && stream.viewers > 0 ? strings.viewers(stream.viewers) : "";
    this.#showTaps();
  }

  /**
   * @param seconds undefined while it is not known
   * @param target at which the player holds the distance to the newest media; undefined when it does not
   */
  showLatency(seconds: number | undefined, target?: number): void {
    const text =
      seconds === undefined || seconds < -1 || seconds > 3600 ? "" : strings.behind(Math.max(0, seconds).toFixed(1));
    if (this.#latency.textContent === text) return;
    this.#latency.textContent = text;
    this.#latency.title = strings.behindTitle(target?.toFixed(1));
  }

  /** For phones, where an upright picture has room. */
  #shape(width: number, height: number): void {
    if (width > 0 && height > 0) this.#stage.style.setProperty("--shape", `${width} / ${height}`);
  }

  /** The latest picture, until the first of the video. */
  #showPoster({ state, urls }: ListedStream): void {
    if (state !== "live" || urls.thumbnail === undefined || this.#poster || this.video.readyState >= 2) return;
    const poster = new Image();
    this.#poster = poster;
    poster.addEventListener("load", () => {
      this.video.poster = poster.src;
      if (this.#phase === "starting") this.#notice.classList.add("over");
    });
    poster.src = `${urls.thumbnail}?width=${POSTER_WIDTH}`;
  }

  #showNotice(phase: Phase, stream: ListedStream | undefined): void {
    const { title, text } = strings.status[phase];
    this.#notice.hidden = phase === "playing";
    this.#title.textContent = title;
    this.#text.textContent = phase === "unsupported" && stream ? strings.cannotPlay(formatCodecs(stream)) : text;
  }

  #showTaps(): void {
    const { video } = this;
    this.#sound.hidden = !(this.#phase === "playing" && this.#hasAudio && video.muted && !video.paused);
    if (this.#phase !== "playing" && this.#phase !== "starting") this.#play.hidden = true;
  }
}
