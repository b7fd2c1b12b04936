import { expect } from "bun:test";
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

const cases = [
  { name: "thumbnails where the server makes them", enabled: true, needs: ["chromium", "ffmpeg", "nodeav"] },
  { name: "one-frame videos where it does not", enabled: false, needs: ["chromium", "ffmpeg"] },
] as const;

for (const { name, enabled, needs } of cases) {
  testWith(...needs)(
    `cards of the start page show ${name}`,
    async () => {
      await using naru = await startNaru({ config: { pictures: { enabled } } });
      await using _ = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("live/test"), { loop: true });
      await naru.live("live/test");
      // The process that makes pictures takes a while to start on a busy machine, and cards do not wait for it.
      if (enabled) {
        await until("a thumbnail", 40_000, async () => {
          const { status } = await fetch(`${naru.http}/live/test/thumbnail.jpg`);
          return status === 200 ? status : undefined;
        });
      }
      await using chromium = await Chromium.launch();
      const { page, requests, complaints } = await chromium.open(`${naru.http}/`);
      await page.waitForFunction(`${BRIGHTNESS} > ${BRIGHT}`, { timeout: 40_000, polling: 250 });
      const asked = requests.filter((url) => /thumbnail|poster/.test(url)).map((url) => new URL(url).pathname);
      expect(new Set(asked)).toEqual(new Set([enabled ? "/live/test/thumbnail.jpg" : "/live/test/poster.mp4"]));
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );
}
