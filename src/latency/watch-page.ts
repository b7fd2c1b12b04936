import type { Browser, Page } from "puppeteer-core";
import { readStamp, STAMP } from "../demo/stamp.ts";
import type { Sample } from "./sample.ts";

/** The measurement cannot be made; the message says what to do. */
export class CannotMeasureError extends Error {
  override readonly name = "CannotMeasureError";
}

export type WatchedPage = {
  /** Pictures that were shown since the last call. */
  take(): Promise<Sample[]>;
  /** Since the page was opened. */
  counters(): Promise<{ readonly droppedPictures: number; readonly shownPictures: number }>;
  /** What the watch page complained of. */
  errors(): Promise<readonly string[]>;
  close(): Promise<void>;
};

const START_MS = 30_000;
const DAY_MS = 86_400_000;
const BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/**
 * Opens a watch page in headless Chromium, waits until it plays, and reads the stamp of the pictures that it shows.
 * @throws CannotMeasureError
 */
export async function openWatchPage(url: string): Promise<WatchedPage> {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(url, { waitUntil: "domcontentloaded" });
    await untilPlaying(page, url);
    await page.evaluate(SAMPLER);
    return {
      take: async () => ((await page.evaluate("latencySamples.splice(0)")) as RawSample[]).map(toSample),
      counters: async () =>
        (await page.evaluate(
          "(({ droppedVideoFrames, totalVideoFrames }) => ({ droppedPictures: droppedVideoFrames, shownPictures: totalVideoFrames }))(document.querySelector('video').getVideoPlaybackQuality())",
        )) as { droppedPictures: number; shownPictures: number },
      errors: async () => (await page.evaluate("window.naru ? [...naru.errors, ...naru.recovered] : []")) as string[],
      close: () => browser.close(),
    };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

async function launch(): Promise<Browser> {
  const executablePath = process.env.CHROME_PATH ?? BROWSERS.map((name) => Bun.which(name)).find((path) => path);
  if (!executablePath) {
    throw new CannotMeasureError("Chromium is needed and not found: install it, or set CHROME_PATH to its program.");
  }
  const puppeteer = await import("puppeteer-core").catch(() => undefined);
  if (!puppeteer) throw new CannotMeasureError("The package puppeteer-core is needed: run npm install in the project.");
  const args = [
    ...["--autoplay-policy=no-user-gesture-required", "--mute-audio", "--disable-gpu", "--ignore-certificate-errors"],
    ...["--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows"],
    ...["--disable-background-networking", "--disable-component-update"],
    // Chromium's sandbox does not work for root.
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ];
  try {
    return await puppeteer.launch({ executablePath, headless: true, args });
  } catch (error) {
    throw new CannotMeasureError(`Chromium does not start: ${error instanceof Error ? error.message : error}`);
  }
}

async function untilPlaying(page: Page, url: string): Promise<void> {
  const playing = "(({ readyState, paused, currentTime }) => readyState >= 3 && !paused && currentTime > 0)";
  const ready = `document.querySelector('video') && ${playing}(document.querySelector('video'))`;
  try {
    await page.waitForFunction(ready, { timeout: START_MS });
  } catch {
    throw new CannotMeasureError(`${url} did not begin to play within ${START_MS / 1000} s.`);
  }
}

/** Time of showing, levels of the stamp's squares, media that lies ready, what the page says, playback rate. */
type RawSample = [shownAt: number, levels: number[], buffered: number, sinceServer: number | null, rate: number];

function toSample([shownAt, levels, buffered, sinceServer, playbackRate]: RawSample): Sample {
  const stamp = readStamp(levels);
  return {
    shownAt,
    // The stamp begins anew at midnight.
    glass: stamp === undefined ? undefined : (((shownAt % DAY_MS) - stamp + 1.5 * DAY_MS) % DAY_MS) - DAY_MS / 2,
    sinceServer: sinceServer ?? undefined,
    buffered,
    playbackRate,
  };
}

/** Runs in the page. Three pixels a square, of which the one in the middle counts. */
const SAMPLER = `(() => {
  const video = document.querySelector("video");
  const canvas = new OffscreenCanvas(${STAMP.squares * 3}, 3);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  window.latencySamples = [];
  const onFrame = (now, { expectedDisplayTime, mediaTime }) => {
    video.requestVideoFrameCallback(onFrame);
    const { videoWidth: width, videoHeight: height, buffered, playbackRate } = video;
    context.drawImage(
      video,
      ${STAMP.x} * width, ${STAMP.y} * height, ${STAMP.width} * width, ${STAMP.height} * height,
      0, 0, canvas.width, canvas.height,
    );
    const { data } = context.getImageData(0, 1, canvas.width, 1);
    const levels = Array.from({ length: ${STAMP.squares} }, (_, i) => data[(3 * i + 1) * 4 + 1]);
    const end = buffered.length ? buffered.end(buffered.length - 1) : mediaTime;
    const latency = window.naru?.latency;
    latencySamples.push([
      Date.now() - performance.now() + expectedDisplayTime,
      levels,
      (end - mediaTime) * 1000,
      latency === undefined ? null : latency * 1000,
      playbackRate,
    ]);
  };
  video.requestVideoFrameCallback(onFrame);
})()`;
