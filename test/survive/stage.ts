import type { FlvTag } from "../../src/formats/flv/tag.ts";
import { publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { publishWithNodeav } from "../support/clients/nodeav.ts";
import { readFlv, ScriptedPublisher } from "../support/clients/scripted-publisher.ts";
import type { Naru } from "../support/naru.ts";
import { type RunningProcess, sleep } from "../support/process.ts";
import { type SurviveClip, surviveClip } from "./clips.ts";
import type { Absence } from "./stall.ts";

export async function tagsOf(clip: SurviveClip): Promise<FlvTag[]> {
  return readFlv(await surviveClip(clip));
}

/** What a scenario acts with: one stream on one server, its encoders, and the moments that the measuring needs. */
export class Stage implements AsyncDisposable {
  readonly #encoders = new AsyncDisposableStack();
  readonly #playing = Promise.withResolvers<void>();
  #away: number | undefined;
  #absence: Absence | undefined;

  constructor(
    readonly naru: Naru,
    readonly path: string,
  ) {}

  /** Settles when every player plays. */
  get playing(): Promise<void> {
    return this.#playing.promise;
  }

  everyonePlays(): void {
    this.#playing.resolve();
  }

  get absence(): Absence | undefined {
    return this.#absence;
  }

  /** Nothing is sent from here on. */
  away(since = Date.now()): void {
    this.#away = since;
  }

  /** Media is sent again. */
  back(at = Date.now()): void {
    if (this.#away !== undefined) this.#absence = { from: this.#away, to: at };
  }

  /** By whichever encoder knows the codec; it has begun to send. */
  publish(clip: SurviveClip): Promise<RunningProcess> {
    return clip === "hevc" || clip === "av1" ? this.nodeav(clip) : this.ffmpeg(clip);
  }

  /** The real ffmpeg; it has begun to send. */
  async ffmpeg(clip: SurviveClip): Promise<RunningProcess> {
    const output = ["-progress", "pipe:1", "-stats_period", "0.1"];
    const ffmpeg = publishWithFfmpeg(await surviveClip(clip), this.naru.publishUrl(this.path), { output });
    this.#encoders.use(ffmpeg);
    await ffmpeg.waitFor(/^frame=\s*[1-9]/m, 15_000);
    return ffmpeg;
  }

  /** FFmpeg 8 by enhanced RTMP; it has begun to send. */
  async nodeav(clip: SurviveClip): Promise<RunningProcess> {
    const encoder = publishWithNodeav(await surviveClip(clip), this.naru.publishUrl(this.path));
    this.#encoders.use(encoder);
    await encoder.waitFor(/publishing/, 15_000);
    return encoder;
  }

  async scripted(clip: SurviveClip, firstStamp = 0): Promise<ScriptedPublisher> {
    const tags = await tagsOf(clip);
    return this.#encoders.use(
      await ScriptedPublisher.publish({ port: this.naru.ports.rtmp, path: this.path, tags, firstStamp }),
    );
  }

  /** As an encoder that tries again every `ms` until the server has it. */
  async scriptedAgain(clip: SurviveClip, everyMs = 1000): Promise<ScriptedPublisher> {
    for (;;) {
      const encoder = await this.scripted(clip).catch(() => undefined);
      if (encoder) return encoder;
      await sleep(everyMs);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#encoders.disposeAsync();
  }
}
