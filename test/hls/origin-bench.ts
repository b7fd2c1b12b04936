import type { MediaPlaylist } from "../../src/formats/m3u8/media-playlist.ts";
import { parseMediaPlaylist } from "../../src/formats/m3u8/parse-media-playlist.ts";
import type { OriginAnswer } from "../../src/hls/answer.ts";
import { hlsSchema } from "../../src/hls/config.ts";
import { HlsOrigin } from "../../src/hls/origin.ts";
import { HlsOutput, type HlsOutputOptions } from "../../src/hls/output.ts";
import type { TimedEvent } from "./flv-source.ts";

export const FIRST_MSN = 7_200_000;

/** A request and what became of it. */
export type Asked = { answer?: OriginAnswer; at?: number; count: number; cancel?: () => void };

/** An origin with one stream, in virtual time. */
export class OriginBench {
  now = 0;
  readonly origin: HlsOrigin;
  readonly output: HlsOutput;
  readonly removed: string[] = [];
  readonly faults: unknown[] = [];
  #next = 0;

  constructor(
    readonly events: readonly TimedEvent[],
    config: Record<string, unknown> = {},
    options: Partial<HlsOutputOptions> = {},
  ) {
    this.origin = new HlsOrigin({ onRemoved: (output) => this.removed.push(output.path) });
    this.output = new HlsOutput({
      path: "live/test",
      config: hlsSchema.parse(config),
      firstMsn: FIRST_MSN,
      wallclockAt: (now) => Date.UTC(2026, 0, 1) + now,
      onFault: (error) => this.faults.push(error),
      ...options,
    });
    this.origin.add(this.output);
  }

  /** Plays until `seconds`, with the origin's timer. */
  run(seconds: number): this {
    const until = seconds * 1000;
    for (;;) {
      const timed = this.events[this.#next];
      const timer = this.origin.deadline;
      const at = Math.min(timed?.at ?? Number.POSITIVE_INFINITY, timer ?? Number.POSITIVE_INFINITY);
      if (at > until) break;
      this.now = Math.max(this.now, at);
      if (timed && timed.at <= at) {
        this.output.write(timed.event, this.now);
        this.#next++;
      } else this.origin.tick(this.now);
    }
    this.now = until;
    return this;
  }

  ask(resource: string, query = ""): Asked {
    const asked: Asked = { count: 0 };
    asked.cancel = this.origin.request({ stream: "live/test", resource, query }, this.now, (answer) => {
      asked.answer = answer;
      asked.at = this.now;
      asked.count++;
    });
    return asked;
  }

  playlist(query = "", rendition = "main"): MediaPlaylist {
    return toPlaylist(this.ask(`${rendition}.m3u8`, query).answer);
  }
}

export function textOf(answer: OriginAnswer | undefined): string {
  const body = answer?.body;
  if (!body || !("bytes" in body)) throw new Error(`no playlist: ${answer?.status} ${answer?.reason}`);
  return new TextDecoder().decode(body.bytes);
}

export function toPlaylist(answer: OriginAnswer | undefined): MediaPlaylist {
  return parseMediaPlaylist(textOf(answer));
}
