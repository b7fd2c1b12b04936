import { afterAll, beforeAll, describe, expect } from "bun:test";
import { existsSync } from "node:fs";
import { Chromium, watchVideo } from "../support/clients/chromium.ts";
import { publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { clip } from "../support/clips.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import { faultsOfVideo } from "../support/playback.ts";
import { type PagePlayer, PlayerPage } from "../support/player-page.ts";
import { run, sleep, until } from "../support/process.ts";
import { isThere, testWith } from "../support/requires.ts";

const SECONDS = Number(process.env.TEST_SECONDS ?? 8);
/** When the encoder is killed, and when it is back. */
const KILLED_AFTER_MS = 2_000;
const BACK_AFTER_MS = 2_000;
/** Seconds; with whole segments dash.js is six behind. */
const DASHJS_LATENCY = 4;
const SHAKA_LATENCY = 6;

describe("MPEG-DASH", () => {
  let naru: Naru;
  let chromium: Chromium;
  const directory = new TemporaryDirectory();
  beforeAll(async () => {
    if (!isThere("chromium") || !isThere("ffmpeg")) return;
    await clip("h264-aac");
    const dash = { path: directory.path, segment: "2s" };
    const applications = { live: { dash: true }, files: { hls: { format: "mpegts" }, dash } };
    naru = await startNaru({ config: { applications } });
    chromium = await Chromium.launch();
  }, 90_000);
  afterAll(async () => {
    await chromium?.[Symbol.asyncDispose]();
    await naru?.[Symbol.asyncDispose]();
    directory[Symbol.dispose]();
  });

  testWith("chromium", "ffmpeg")(
    "dash.js and Shaka Player go on while the encoder is killed and comes back",
    async () => {
      using pages = new PlayerPage();
      const file = await clip("h264-aac");
      const first = publishWithFfmpeg(file, naru.publishUrl("live/test"));
      await naru.live("live/test");
      const url = `${naru.http}/live/test/index.mpd`;
      const windowed = async (player: PagePlayer) => {
        // A page behind another shows nothing.
        const opened = await chromium.openApart({ width: 320, height: 240 });
        await opened.page.goto(pages.url(url, player));
        return opened;
      };
      const opened = await Promise.all([windowed("dash"), windowed("shaka")]);
      const plays =
        "document.querySelector('video').currentTime > 0 && document.querySelector('video').readyState >= 3";
      await Promise.all(opened.map(({ page }) => page.waitForFunction(plays, { timeout: 20_000 })));
      const watched = Promise.all(opened.map(({ page }) => watchVideo(page, SECONDS)));
      await sleep(KILLED_AFTER_MS);
      await first.stop("SIGKILL");
      await sleep(BACK_AFTER_MS);
      await using _ = publishWithFfmpeg(file, naru.publishUrl("live/test"));
      // While the encoder is away its last picture stands.
      for (const samples of await watched) expect(faultsOfVideo(samples, ["audio"])).toEqual([]);
      for (const [index, { page }] of opened.entries()) {
        expect(await page.evaluate("watched.failures")).toEqual([]);
        expect(await page.evaluate("watched.latency()")).toBeLessThan(index === 0 ? DASHJS_LATENCY : SHAKA_LATENCY);
      }
      for (const one of opened) await one[Symbol.asyncDispose]();
    },
    90_000,
  );

  testWith("ffmpeg")(
    "FFmpeg plays what lies in the directory, and what is served beside MPEG-TS",
    async () => {
      await using _ = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("files/test"));
      await naru.live("files/test");
      await until(
        "a manifest in the directory",
        20_000,
        async () => existsSync(directory.join("test.mpd")) || undefined,
      );
      const served = `${naru.http}/files/test/index.mpd`;
      for (const source of [served, directory.join("test.mpd")]) {
        const decode = ["-nostdin", "-v", "error", "-i", source, "-t", "4", "-f", "framecrc", "-"];
        const output = await run("ffmpeg", decode, { timeoutMs: 30_000 });
        const lines = output.split("\n").filter((line) => /^0,/.test(line));
        expect(lines.length).toBeGreaterThan(115);
      }
    },
    90_000,
  );
});
