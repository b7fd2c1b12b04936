import type { MediaPlaylist } from "../../src/formats/m3u8/media-playlist.ts";
import { decodeSamples, type FragmentSample } from "../../src/formats/mp4/samples.ts";
import type { HlsOutput, HlsOutputOptions } from "../../src/hls/output.ts";
import type { RungDescription } from "../../src/hls/rung-feed.ts";
import type { TimedEvent } from "./flv-source.ts";
import { MadeRung } from "./made-rung.ts";
import { OriginBench } from "./origin-bench.ts";

export function rung(height: number, bits: number): RungDescription {
  return {
    name: `${height}p`,
    kind: "video",
    codecs: ["avc1.64001E", "mp4a.40.2"],
    bandwidth: { peak: bits * 1.5, average: bits },
    resolution: { width: Math.round((height * 16) / 9 / 2) * 2, height },
    frameRate: 30,
  };
}

/** An origin whose rungs are made when they are asked for, of the lead's packets, some pictures late. */
export class LadderBench extends OriginBench {
  readonly wanted: { readonly name: string; readonly at: number }[] = [];
  readonly #stops = new Map<string, () => void>();
  readonly #isMade: boolean;

  constructor(
    events: readonly TimedEvent[],
    options: {
      readonly config?: Record<string, unknown>;
      readonly rungs?: readonly RungDescription[];
      readonly isMade?: boolean;
      readonly output?: Partial<HlsOutputOptions>;
    } = {},
  ) {
    super(events, options.config, {
      isFollowed: true,
      onRungWanted: (name, at) => this.#want(name, at),
      ...options.output,
    });
    this.#isMade = options.isMade ?? true;
    if (options.rungs) this.output.announceRungs(options.rungs);
  }

  get making(): readonly string[] {
    return [...this.#stops.keys()];
  }

  /** Its maker dies. */
  kill(name: string): void {
    this.#stops.get(name)?.();
    this.#stops.delete(name);
  }

  make(name: string): void {
    const output: HlsOutput = this.output;
    const from = output.rungPosition(name);
    const maker = new MadeRung(output.rungSink(name), { delay: 5, from });
    this.#stops.set(name, output.follow(maker.follow, this.now));
    output.setRungState(name, "running");
  }

  #want(name: string, at: number): void {
    this.wanted.push({ name, at });
    if (this.#isMade && !this.#stops.has(name)) this.make(name);
  }
}

/** What differs between two playlists where both have the same numbers; that they have some in common is for the caller to see. */
export function differences(a: MediaPlaylist, b: MediaPlaylist): { readonly common: number; readonly found: string[] } {
  const found: string[] = [];
  let common = 0;
  for (const key of ["targetDuration", "partTarget", "version"] as const) {
    if (a[key] !== b[key]) found.push(`${key}: ${a[key]} and ${b[key]}`);
  }
  if (!Bun.deepEquals(a.serverControl, b.serverControl)) found.push("EXT-X-SERVER-CONTROL");
  const sequenceOf = (playlist: MediaPlaylist, index: number) =>
    playlist.discontinuitySequence +
    playlist.segments.slice(0, index + 1).filter(({ discontinuity }) => discontinuity).length;
  for (const [index, segment] of a.segments.entries()) {
    const msn = a.mediaSequence + index;
    const at = msn - b.mediaSequence;
    const other = b.segments[at];
    if (!other || segment.uri === undefined || other.uri === undefined) continue;
    common++;
    for (const key of ["duration", "discontinuity", "wallclock"] as const) {
      if (segment[key] !== other[key]) found.push(`${msn}: ${key} ${segment[key]} and ${other[key]}`);
    }
    if (sequenceOf(a, index) !== sequenceOf(b, at)) found.push(`${msn}: discontinuity sequence`);
    if (segment.parts.length === 0 || other.parts.length === 0) continue;
    const lengths = (list: typeof segment.parts) => list.map(({ duration }) => duration).join(" ");
    if (lengths(segment.parts) !== lengths(other.parts)) found.push(`${msn}: parts`);
  }
  return { common, found };
}

/** The samples of a listed segment; of MPEG-TS none. */
export function samplesIn(bench: OriginBench, uri: string | undefined): FragmentSample[] {
  const { answer } = bench.ask(uri ?? "");
  return answer?.body instanceof Uint8Array && answer.contentType === "video/mp4" ? decodeSamples(answer.body) : [];
}
