import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { sleep } from "../process.ts";
import type { Watched, WatchedPlayer } from "../watched-player.ts";

const VIDEO = "document.querySelector('video')";

/** What the page's first video element said at one moment. */
export type VideoSample = {
  readonly currentTime: number;
  readonly width: number;
  readonly height: number;
  readonly readyState: number;
  readonly frames: number;
  readonly dropped: number;
  readonly audioBytes: number;
  /** Message of the element's MediaError, or an empty string. */
  readonly error: string;
};

export type BrowserPlayback = {
  readonly samples: readonly VideoSample[];
  /** Uncaught errors, console errors and failed requests of the page. */
  readonly complaints: readonly string[];
};

export type OpenPage = {
  readonly page: Page;
  /** Grows while the page is open. */
  readonly complaints: string[];
  /** Address of everything that the page asked for. */
  readonly requests: string[];
};

/** Headless Chromium. Close it with `await using`. */
export class Chromium implements AsyncDisposable {
  private constructor(private readonly browser: Browser) {}

  /** @param more flags of its command line */
  static async launch(more: readonly string[] = []): Promise<Chromium> {
    const flags = [
      ...["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio", "--disable-gpu"],
      // Several pages play side by side, and none of them is in the background.
      ...["--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows"],
      ...["--disable-renderer-backgrounding", "--disable-background-media-suspend"],
      ...more,
    ];
    const executablePath = Bun.which("chromium") ?? "chromium";
    return new Chromium(await puppeteer.launch({ executablePath, headless: true, args: flags }));
  }

  /** A new page; `viewport` in CSS pixels. */
  async open(url: string, viewport = { width: 1280, height: 800 }): Promise<OpenPage> {
    const page = await this.browser.newPage();
    const complaints = listenForComplaints(page);
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    await page.setViewport(viewport);
    await page.goto(url, { waitUntil: "domcontentloaded" });
    return { page, complaints, requests };
  }

  /** A page in a window of its own, which shows its pictures whatever other pages do, with connections of its own. */
  async openApart(viewport: { readonly width: number; readonly height: number }): Promise<OpenPage & AsyncDisposable> {
    const context = await this.browser.createBrowserContext();
    const page = await context.newPage();
    const complaints = listenForComplaints(page);
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    await page.setViewport(viewport);
    return { page, complaints, requests, [Symbol.asyncDispose]: () => context.close() };
  }

  /** Opens a page with a video, waits until it plays, and watches it for some seconds. */
  async play(url: string, seconds: number, startWithinMs = 20_000): Promise<BrowserPlayback> {
    const { page, complaints } = await this.open(url);
    try {
      const playing = `${VIDEO} && ${VIDEO}.readyState >= 3 && !${VIDEO}.paused && ${VIDEO}.currentTime > 0`;
      await page.waitForFunction(playing, { timeout: startWithinMs }).catch((error: unknown) => {
        complaints.push(`did not start to play within ${startWithinMs} ms: ${error}`);
      });
      return { samples: await watchVideo(page, seconds), complaints };
    } finally {
      await page.close();
    }
  }

  /** Plays with a `PlayerPage` until the scope ends, with connections of its own as another viewer has. */
  async watch(url: string): Promise<WatchedPlayer> {
    const opened = await this.openApart({ width: 320, height: 240 });
    const { page, complaints } = opened;
    await page.goto(url, { waitUntil: "domcontentloaded" });
    const state = "({ ...watched, latency: watched.latency() })";
    return {
      watched: async () => ({ ...((await page.evaluate(state)) as Omit<Watched, "complaints">), complaints }),
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
  }
}

/** Samples the page's video twice a second. */
export async function watchVideo(page: Page, seconds: number): Promise<VideoSample[]> {
  const samples: VideoSample[] = [];
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await sleep(500)) {
    const sample = await sampleVideo(page);
    if (sample) samples.push(sample);
  }
  return samples;
}

/** @returns undefined while the page has no video element */
async function sampleVideo(page: Page): Promise<VideoSample | undefined> {
  const sample = await page.evaluate(`(() => {
    const video = ${VIDEO};
    if (!video) return null;
    const quality = video.getVideoPlaybackQuality();
    return {
      currentTime: video.currentTime,
      width: video.videoWidth,
      height: video.videoHeight,
      readyState: video.readyState,
      frames: quality.totalVideoFrames,
      dropped: quality.droppedVideoFrames,
      audioBytes: video.webkitAudioDecodedByteCount ?? 0,
      error: video.error?.message ?? "",
    };
  })()`);
  return (sample as VideoSample | null) ?? undefined;
}

function listenForComplaints(page: Page): string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error}`));
  page.on("console", (message) => {
    // What failed to load is told below, with its status.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      complaints.push(`console: ${message.text()}`);
  });
  page.on("requestfailed", (request) => {
    // A player gives up requests that it no longer needs, such as a blocking reload when the page closes.
    const why = request.failure()?.errorText ?? "";
    if (why !== "net::ERR_ABORTED") complaints.push(`${request.url()}: ${why}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.url()}: ${response.status()}`);
  });
  return complaints;
}
