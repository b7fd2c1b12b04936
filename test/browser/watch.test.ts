import { afterAll, beforeAll, describe, expect } from "bun:test";
import type { Page } from "puppeteer-core";
import { Chromium, type OpenPage, watchVideo } from "../support/clients/chromium.ts";
import { publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { clip } from "../support/clips.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import { faultsOfVideo } from "../support/playback.ts";
import type { RunningProcess } from "../support/process.ts";
import { isThere, testWith } from "../support/requires.ts";

const SECONDS = Number(process.env.TEST_SECONDS ?? 8);
const PHONE = { width: 390, height: 844 };

/** What the watch page says of itself. */
type PageState = {
  readonly state: string;
  readonly player: string | undefined;
  readonly latency: number | undefined;
  readonly errors: readonly string[];
};

describe("the watch page", () => {
  let naru: Naru;
  let chromium: Chromium;
  beforeAll(async () => {
    if (!isThere("chromium") || !isThere("ffmpeg")) return;
    await clip("h264-aac");
    naru = await startNaru();
    chromium = await Chromium.launch();
  }, 90_000);
  afterAll(async () => {
    await chromium?.[Symbol.asyncDispose]();
    await naru?.[Symbol.asyncDispose]();
  });

  const publish = async (path: string): Promise<RunningProcess> =>
    publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl(path));

  for (const player of ["hls", "native", "flv"] as const) {
    testWith("chromium", "ffmpeg")(
      `plays with ${player}, shows the latency, and asks nobody but the server`,
      async () => {
        await using _ = await publish(`live/${player}`);
        await naru.live(`live/${player}`);
        const { page, complaints, requests } = await chromium.open(`${naru.http}/live/${player}?player=${player}`);
        await inState(page, "playing");
        expect(faultsOfVideo(await watchVideo(page, SECONDS))).toEqual([]);
        const state = await stateOf(page);
        expect(state.state).toBe("playing");
        expect(state.errors).toEqual([]);
        if (player === "hls") expect(state.latency).toBeLessThan(4);
        if (player === "flv") expect(state.player).toBe("mpegts.js");
        expect(complaints).toEqual([]);
        expect(requests.filter((url) => !url.startsWith(naru.http) && !/^(blob|data):/.test(url))).toEqual([]);
        await page.close();
      },
      SECONDS * 1000 + 60_000,
    );
  }

  testWith("chromium", "ffmpeg")(
    "waits for an encoder, waits again when it drops, and goes on by itself",
    async () => {
      const { page, complaints } = await chromium.open(`${naru.http}/live/later`);
      await inState(page, "not-live");
      const first = await publish("live/later");
      await inState(page, "playing");
      const watched = watchVideo(page, SECONDS * 2);
      await first.stop("SIGKILL");
      await inState(page, "waiting");
      await using _ = await publish("live/later");
      await inState(page, "playing");
      // The last picture stands while the encoder is away; time goes on.
      expect(faultsOfVideo(await watched, ["audio"])).toEqual([]);
      expect(faultsOfVideo(await watchVideo(page, SECONDS))).toEqual([]);
      expect((await stateOf(page)).errors).toEqual([]);
      expect(complaints.filter((text) => !text.endsWith("/api/streams/live/later: 404"))).toEqual([]);
      await page.close();
    },
    90_000,
  );

  testWith("chromium", "ffmpeg")(
    "fits a phone",
    async () => {
      await using _ = await publish("live/phone");
      await naru.live("live/phone");
      const { page } = await chromium.open(`${naru.http}/live/phone`, PHONE);
      await inState(page, "playing");
      expect(await sidewaysScroll(page)).toBe(0);
      await page.close();
    },
    30_000,
  );

  testWith("chromium", "ffmpeg")(
    "the start page tells how to publish, and lists a stream when it comes",
    async () => {
      await using empty = await startNaru();
      const opened = await chromium.open(empty.http, PHONE);
      await contains(opened, `:${empty.ports.rtmp}/live`);
      expect(await sidewaysScroll(opened.page)).toBe(0);
      await using _ = publishWithFfmpeg(await clip("h264-aac"), empty.publishUrl("live/test"));
      await contains(opened, "live/test", "360");
      expect(await sidewaysScroll(opened.page)).toBe(0);
      expect(opened.complaints).toEqual([]);
      await opened.page.close();
    },
    60_000,
  );
});

async function stateOf(page: Page): Promise<PageState> {
  return (await page.evaluate("window.naru")) as PageState;
}

async function inState(page: Page, state: string): Promise<void> {
  await page.waitForFunction(`window.naru?.state === ${JSON.stringify(state)}`, { timeout: 20_000 }).catch(async () => {
    throw new Error(`not ${state} within 20 s, but ${JSON.stringify(await stateOf(page))}`);
  });
}

/** Waits until the page shows these texts; the values of its input fields count. */
async function contains({ page }: OpenPage, ...texts: string[]): Promise<void> {
  const shown = `[document.body.innerText, ...[...document.querySelectorAll("input")].map((input) => input.value)].join(" ")`;
  for (const text of texts) {
    await page.waitForFunction(`${shown}.includes(${JSON.stringify(text)})`, { timeout: 20_000 }).catch(async () => {
      throw new Error(`the page does not show ${text}, but: ${await page.evaluate(shown)}`);
    });
  }
}

/** Pixels by which the page is wider than the screen. */
async function sidewaysScroll(page: Page): Promise<number> {
  return (await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")) as number;
}
