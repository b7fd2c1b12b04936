/** Where pictures of a stream are to be had. */
export type PictureUrls = {
  /** The latest keyframe as a video of one frame. */
  readonly poster: string;
  /** The same as a small picture, where the server makes them. */
  readonly thumbnail?: string;
};

/** A picture older than this is fetched again while it is in view. */
const REFRESH_MS = { thumbnail: 5_000, poster: 10_000 };
/** One that takes longer is given up. */
const TIMEOUT_MS = 8_000;
/** More helps no eye. */
const MAX_WIDTH = 960;

/** Shows the latest picture of a stream; drawn, so that it never flickers. */
export class Picture {
  readonly canvas = document.createElement("canvas");
  #shownAt = Number.NEGATIVE_INFINITY;
  #loading = false;

  constructor(
    private readonly urls: PictureUrls,
    private readonly shown: (shown: boolean) => void,
  ) {
    this.canvas.setAttribute("role", "img");
    this.canvas.hidden = true;
  }

  /** Fetches a new picture if it is time to; to be called often. */
  refresh(now: number): void {
    const interval = this.urls.thumbnail === undefined ? REFRESH_MS.poster : REFRESH_MS.thumbnail;
    if (this.#loading || now - this.#shownAt < interval || !isInView(this.canvas.parentElement)) return;
    this.#loading = true;
    this.#shownAt = now;
    void this.#load().then((loaded) => {
      this.#loading = false;
      if (loaded) this.canvas.hidden = false;
      this.shown(!this.canvas.hidden);
    });
  }

  async #load(): Promise<boolean> {
    const { thumbnail, poster } = this.urls;
    return (thumbnail !== undefined && (await this.#loadThumbnail(thumbnail))) || this.#loadPoster(poster);
  }

  async #loadThumbnail(url: string): Promise<boolean> {
    const width = Math.ceil((this.canvas.parentElement?.clientWidth ?? 0) * devicePixelRatio);
    try {
      const response = await fetch(`${url}?width=${Math.min(width, MAX_WIDTH)}`, {
        headers: { accept: "image/webp,image/*" },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!response.ok) return false;
      const picture = await createImageBitmap(await response.blob());
      this.#draw(picture, picture);
      picture.close();
      return true;
    } catch {
      return false;
    }
  }

  /** A one-frame MP4, decoded by a video element. */
  #loadPoster(url: string): Promise<boolean> {
    const video = document.createElement("video");
    video.muted = true;
    video.playsInline = true;
    video.preload = "auto";
    return new Promise((resolve) => {
      const done = (loaded: boolean) => {
        clearTimeout(timer);
        if (loaded) this.#draw(video, { width: video.videoWidth, height: video.videoHeight });
        video.removeAttribute("src");
        video.load();
        resolve(loaded);
      };
      const timer = setTimeout(() => done(false), TIMEOUT_MS);
      video.addEventListener("loadeddata", () => done(video.videoWidth > 0), { once: true });
      video.addEventListener("error", () => done(false), { once: true });
      video.src = `${url}?${Math.floor(Date.now() / 1000)}`;
      // iOS decodes nothing before it plays.
      video.play().catch(() => undefined);
    });
  }

  #draw(picture: CanvasImageSource, { width, height }: { readonly width: number; readonly height: number }): void {
    const { canvas } = this;
    canvas.width = Math.min(width, MAX_WIDTH);
    canvas.height = Math.round((canvas.width * height) / width);
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  }
}

function isInView(element: Element | null): boolean {
  if (!element) return false;
  const { top, bottom, width } = element.getBoundingClientRect();
  // Not in the page yet.
  if (width === 0) return false;
  return bottom > -200 && top < innerHeight + 200;
}
