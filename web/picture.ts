/** A picture older than this is fetched again while it is in view. */
const REFRESH_MS = 10_000;
/** A one-frame file that takes longer is given up. */
const TIMEOUT_MS = 8_000;

/** Shows the latest keyframe of a stream: a one-frame MP4, decoded by a video element and drawn, so that it never flickers. */
export class Picture {
  readonly canvas = document.createElement("canvas");
  #shownAt = Number.NEGATIVE_INFINITY;
  #loading = false;

  constructor(
    private readonly url: string,
    private readonly shown: (shown: boolean) => void,
  ) {
    this.canvas.setAttribute("role", "img");
    this.canvas.hidden = true;
  }

  /** Fetches a new picture if it is time to; to be called often. */
  refresh(now: number): void {
    if (this.#loading || now - this.#shownAt < REFRESH_MS || !isInView(this.canvas.parentElement)) return;
    this.#loading = true;
    this.#shownAt = now;
    void this.#load().then((loaded) => {
      this.#loading = false;
      if (loaded) this.canvas.hidden = false;
      this.shown(!this.canvas.hidden);
    });
  }

  #load(): Promise<boolean> {
    const video = document.createElement("video");
    video.muted = true;
    video.playsInline = true;
    video.preload = "auto";
    return new Promise((resolve) => {
      const done = (loaded: boolean) => {
        clearTimeout(timer);
        video.removeAttribute("src");
        video.load();
        resolve(loaded);
      };
      const timer = setTimeout(() => done(false), TIMEOUT_MS);
      video.addEventListener("loadeddata", () => done(this.#draw(video)), { once: true });
      video.addEventListener("error", () => done(false), { once: true });
      video.src = `${this.url}?${Math.floor(Date.now() / 1000)}`;
      // iOS decodes nothing before it plays.
      video.play().catch(() => undefined);
    });
  }

  #draw(video: HTMLVideoElement): boolean {
    if (video.videoWidth === 0) return false;
    const { canvas } = this;
    canvas.width = Math.min(video.videoWidth, 960);
    canvas.height = Math.round((canvas.width * video.videoHeight) / video.videoWidth);
    canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
    return true;
  }
}

function isInView(element: Element | null): boolean {
  if (!element) return false;
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > -200 && top < innerHeight + 200;
}
