import type { DecodedFrame } from "../support/clients/ffmpeg.ts";
import { publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { publishWithGstreamer } from "../support/clients/gstreamer.ts";
import { Obs } from "../support/clients/obs.ts";
import { clip } from "../support/clips.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import type { Need } from "../support/requires.ts";

/** An encoder that people use, publishing `live/test` until it is disposed of. */
export type Publisher = {
  readonly name: string;
  readonly needs: readonly Need[];
  readonly start: (naru: Naru) => Promise<AsyncDisposable>;
};

export type Kinds = readonly DecodedFrame["kind"][];

export const PUBLISHERS: readonly Publisher[] = [
  {
    name: "ffmpeg",
    needs: ["ffmpeg"],
    start: async (naru) => publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("live/test"), { loop: true }),
  },
  { name: "OBS", needs: ["obs"], start: (naru) => Obs.publish(naru.publishUrl("live"), "test") },
  {
    name: "GStreamer",
    needs: ["gstreamer"],
    start: async (naru) => publishWithGstreamer(naru.publishUrl("live/test")),
  },
];

/** A server and a publisher that are started by the first test that runs, and serve all of a group. */
export class LiveStream implements AsyncDisposable {
  #started: Promise<{ naru: Naru; publishing: AsyncDisposable }> | undefined;

  constructor(private readonly publisher: Publisher) {}

  /** Address of the playlist, once it can be played. */
  async playlist(): Promise<string> {
    this.#started ??= this.#start();
    const { naru } = await this.#started;
    return naru.live("live/test", 40_000);
  }

  async #start() {
    const naru = await startNaru();
    return { naru, publishing: await this.publisher.start(naru) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const started = await this.#started;
    await started?.publishing[Symbol.asyncDispose]();
    await started?.naru[Symbol.asyncDispose]();
  }
}
