import type { Page } from "puppeteer-core";
import { Chromium, type OpenPage } from "../support/clients/chromium.ts";
import { type PagePlayer, PlayerPage } from "../support/player-page.ts";
import type { ShownPicture } from "./measure.ts";
import { readStamp, STAMP } from "./stamped-clip.ts";

/** What a network lets through. */
export type Network = {
  /** Bits per second, downwards. */
  readonly rate: number;
  readonly roundTripMs: number;
};

/** What a viewer has seen since it was asked for last. */
export type Seen = {
  readonly pictures: readonly ShownPicture[];
  /** Times that the player had nothing more to show. */
  readonly starved: number;
  /** Bits per second that the player measured; undefined when it does not tell. */
  readonly estimate: number | undefined;
  /** Seconds that lie ready. */
  readonly buffered: number;
  /** Seconds behind the newest media, where the player tells. */
  readonly latency: number | undefined;
};

/** Opens players in Chromium, each behind a network of its own. */
export class ViewerRoom implements AsyncDisposable {
  readonly #page = new PlayerPage();
  #browser: Promise<Chromium> | undefined;

  /** A player that plays `playlist` from now on. @param settings of the player, where it is a library */
  play(playlist: string, player: PagePlayer, network: Network, settings: object = {}): Promise<Viewer> {
    return this.open(this.#page.url(playlist, player, settings), network);
  }

  /** A page with a video that plays by itself. */
  async open(url: string, network: Network): Promise<Viewer> {
    this.#browser ??= Chromium.launch();
    const opened = await (await this.#browser).openApart({ width: 640, height: 400 });
    const { page } = opened;
    await throttle(page, network);
    await page.goto(url, { waitUntil: "domcontentloaded" });
    await page.evaluate(SAMPLER);
    return new Viewer(opened);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#browser)?.[Symbol.asyncDispose]();
    this.#page[Symbol.dispose]();
  }
}

export class Viewer implements AsyncDisposable {
  constructor(private readonly opened: OpenPage & AsyncDisposable) {}

  /** What the player said, and went on. */
  get complaints(): readonly string[] {
    return this.opened.complaints;
  }

  setNetwork(network: Network): Promise<void> {
    return throttle(this.opened.page, network);
  }

  async take(): Promise<Seen> {
    const { pictures, estimate, ...rest } = (await this.opened.page.evaluate("takeSeen()")) as RawSeen;
    return {
      ...rest,
      estimate: estimate ?? undefined,
      latency: rest.latency ?? undefined,
      pictures: pictures.map(([at, mediaTime, height, levels]) => ({
        at,
        mediaTime,
        height,
        stamp: readStamp(levels),
      })),
    };
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.opened[Symbol.asyncDispose]();
  }
}

function throttle(page: Page, { rate, roundTripMs }: Network): Promise<void> {
  return page.emulateNetworkConditions({ download: rate / 8, upload: rate / 8, latency: roundTripMs });
}

type RawSeen = Omit<Seen, "pictures"> & {
  readonly pictures: readonly [at: number, mediaTime: number, height: number, levels: number[]][];
};

/** Runs in the page. Three pixels a square, of which the one in the middle counts. */
const SAMPLER = `(() => {
  const video = document.querySelector("video");
  const canvas = new OffscreenCanvas(${STAMP.squares * 3}, 3);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let pictures = [];
  let starved = 0;
  const onPicture = (_, { expectedDisplayTime, mediaTime, width, height }) => {
    video.requestVideoFrameCallback(onPicture);
    context.drawImage(video, 0, 0, ${STAMP.width} * width, ${STAMP.height} * height, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 1, canvas.width, 1);
    const levels = Array.from({ length: ${STAMP.squares} }, (_, i) => data[(3 * i + 1) * 4 + 1]);
    pictures.push([expectedDisplayTime, mediaTime, height, levels]);
  };
  video.requestVideoFrameCallback(onPicture);
  video.addEventListener("waiting", () => { if (pictures.length > 0 && !video.seeking) starved++; });
  window.takeSeen = () => {
    const { buffered, currentTime } = video;
    const seen = {
      pictures,
      starved,
      estimate: window.naru?.bandwidth ?? window.hls?.bandwidthEstimate ?? window.shakaPlayer?.getStats().estimatedBandwidth ?? null,
      buffered: buffered.length ? buffered.end(buffered.length - 1) - currentTime : 0,
      latency: window.naru?.latency ?? window.watched?.latency() ?? null,
    };
    pictures = [];
    starved = 0;
    return seen;
  };
})()`;
