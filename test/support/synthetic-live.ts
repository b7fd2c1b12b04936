import { formatMediaPlaylist } from "../../src/formats/m3u8/format-media-playlist.ts";
import type { PlaylistSegment } from "../../src/formats/m3u8/media-playlist.ts";

/** What an answer of the synthetic server is; `later` while a request is held. */
export type SyntheticAnswer = { readonly status: number; readonly text: string } | "later";

type SyntheticOptions = {
  /** Seconds. */
  readonly part?: number;
  readonly partsPerSegment?: number;
  /** Segments listed. */
  readonly window?: number;
  readonly lowLatency?: boolean;
  readonly firstMsn?: number;
};

const MAX_PARTS_AHEAD = 8;

/**
 * A live stream made of nothing but names and times: what a low-latency origin answers at a time in milliseconds. The stream
 * begins at 0, with the wall clock at `epoch`.
 */
export class SyntheticLive {
  readonly epoch = Date.UTC(2026, 0, 1);
  readonly part: number;
  readonly partsPerSegment: number;
  readonly firstMsn: number;
  readonly #window: number;
  readonly #lowLatency: boolean;
  /** The encoder is gone since then. */
  goneSince: number | undefined;
  ended = false;

  constructor(options: SyntheticOptions = {}) {
    this.part = options.part ?? 0.4;
    this.partsPerSegment = options.partsPerSegment ?? 5;
    this.firstMsn = options.firstMsn ?? 100;
    this.#window = options.window ?? 10;
    this.#lowLatency = options.lowLatency ?? true;
  }

  /** Seconds. */
  get segment(): number {
    return this.part * this.partsPerSegment;
  }

  /** Parts that are complete. */
  parts(now: number): number {
    return Math.floor((Math.min(now, this.goneSince ?? now) + 1e-6) / (this.part * 1000));
  }

  /** @param path `index.m3u8`, `main.m3u8` with or without directives, or the name of media */
  answer(path: string, now: number): SyntheticAnswer {
    const [name = "", query = ""] = path.split("?");
    if (name === "index.m3u8") {
      return { status: 200, text: '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=500000,CODECS="avc1.64001F"\nmain.m3u8\n' };
    }
    const parts = this.parts(now);
    if (name === "main.m3u8") {
      const directives = new URLSearchParams(query);
      const msn = directives.get("_HLS_msn");
      if (msn !== null && !this.ended) {
        const wanted = (Number(msn) - this.firstMsn) * this.partsPerSegment + Number(directives.get("_HLS_part") ?? 0);
        if (wanted > parts + MAX_PARTS_AHEAD) return { status: 400, text: "" };
        if (wanted >= parts) return "later";
      }
      return { status: 200, text: this.playlist(parts, directives.get("_HLS_skip") === "YES") };
    }
    const media = /^main\/(?:init-0\.mp4|(\d+)(?:\.(\d+))?\.m4s)$/.exec(name);
    if (!media) return { status: 404, text: "" };
    if (media[1] === undefined) return { status: 200, text: "init" };
    const from = (Number(media[1]) - this.firstMsn) * this.partsPerSegment;
    const needed = media[2] === undefined ? from + this.partsPerSegment : from + Number(media[2]) + 1;
    if (needed <= parts) return { status: 200, text: name };
    return needed === parts + 1 && media[2] !== undefined ? "later" : { status: 404, text: "" };
  }

  playlist(parts: number, delta: boolean): string {
    const complete = Math.floor(parts / this.partsPerSegment);
    const oldest = Math.max(0, complete - this.#window);
    const target = Math.ceil(this.segment);
    const skipped = delta && !this.ended ? Math.max(0, complete - oldest - (6 * target) / this.segment) : 0;
    const segments: PlaylistSegment[] = [];
    for (let n = oldest + skipped; n <= complete; n++) {
      const segment = this.#segment(n, parts, n < complete, n > complete - 1 - (3 * target) / this.segment);
      if (segment.uri !== undefined || (segment.parts.length > 0 && !this.ended)) segments.push(segment);
    }
    const next = `main/${this.firstMsn + complete}.${parts - complete * this.partsPerSegment}.m4s`;
    return formatMediaPlaylist({
      version: skipped > 0 ? 9 : 6,
      targetDuration: target,
      independentSegments: true,
      mediaSequence: this.firstMsn + oldest,
      discontinuitySequence: 0,
      skipped,
      mapBefore: "main/init-0.mp4",
      segments,
      ended: this.ended,
      ...(this.#lowLatency && {
        serverControl: { canBlockReload: true, canSkipUntil: 6 * target, partHoldBack: 3 * this.part },
        partTarget: this.part,
        ...(!this.ended && { preloadHint: next }),
      }),
    });
  }

  #segment(n: number, parts: number, whole: boolean, withParts: boolean): PlaylistSegment {
    const msn = this.firstMsn + n;
    const count = Math.min(this.partsPerSegment, parts - n * this.partsPerSegment);
    return {
      uri: whole ? `main/${msn}.m4s` : undefined,
      duration: whole ? this.segment : 0,
      discontinuity: false,
      wallclock: this.epoch + n * this.segment * 1000,
      map: "main/init-0.mp4",
      parts:
        withParts && this.#lowLatency
          ? Array.from({ length: count }, (_, part) => ({
              uri: `main/${msn}.${part}.m4s`,
              duration: this.part,
              independent: part === 0,
            }))
          : [],
    };
  }
}
