import { expect } from "bun:test";
import type { Page } from "puppeteer-core";
import { Chromium } from "../support/clients/chromium.ts";
import { publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { clip } from "../support/clips.ts";
import { startNaru } from "../support/naru.ts";
import { until } from "../support/process.ts";
import { testWith } from "../support/requires.ts";

const TIMEOUT_MS = 120_000;

/** Mean of all samples of the card's picture; 0 until it is shown. */
const BRIGHTNESS = `(() => {
  const canvas = document.querySelector(".card canvas:not([hidden])");
  if (!canvas) return 0;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.reduce((sum, value, index) => (index % 4 === 3 ? sum : sum + value), 0) / (data.length * 0.75);
})()`;

/** Above the brightness of a picture that is not there. */
const BRIGHT = 60;

testWith("chromium", "ffmpeg", "nodeav")(
  "cards of the start page show thumbnails, and one-frame videos where there are none",
  async () => {
    await using naru = await startNaru();
    await using _ = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("live/test"), { loop: true });
    await naru.live("live/test");
    // The process that makes pictures takes a while to start on a busy machine, and cards do not wait for it.
    await until("a thumbnail", 40_000, async () => {
      const { status } = await fetch(`${naru.http}/live/test/thumbnail.jpg`);
      return status === 200 ? status : undefined;
    });
    await using chromium = await Chromium.launch();

    const { page, requests, complaints } = await chromium.open(`${naru.http}/`);
    await showsPicture(page);
    expect(picturesOf(requests)).toEqual(["/live/test/thumbnail.jpg"]);
    expect(complaints).toEqual([]);

    const without = await chromium.open("about:blank");
    await without.page.setRequestInterception(true);
    without.page.on("request", (request) =>
      request.url().includes("/thumbnail") ? request.respond({ status: 404 }) : request.continue(),
    );
    await without.page.goto(`${naru.http}/`);
    await showsPicture(without.page);
    expect(picturesOf(without.requests)).toEqual(["/live/test/thumbnail.jpg", "/live/test/poster.mp4"]);
  },
  TIMEOUT_MS,
);

async function showsPicture(page: Page): Promise<void> {
  await page.waitForFunction(`${BRIGHTNESS} > ${BRIGHT}`, { timeout: 40_000, polling: 250 });
}

/** Paths of pictures among URLs, each once. */
function picturesOf(urls: readonly string[]): string[] {
  return [...new Set(urls.map((url) => new URL(url).pathname))].filter((path) => /thumbnail|poster/.test(path));
}
