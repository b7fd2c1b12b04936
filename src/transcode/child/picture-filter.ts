import type { MediaLibrary } from "../../media-process/library.ts";
import type { Frame } from "./decoder.ts";
import { MediaFault, must } from "./media-fault.ts";

/** What a filter is set up for: it has to be made anew when any of it changes. */
export type PictureFormat = {
  readonly width: number;
  readonly height: number;
  readonly pixelFormat: number;
  readonly sar: { readonly width: number; readonly height: number };
  readonly matrix: number;
  readonly range: number;
};

export function formatOf(frame: Frame): PictureFormat {
  const { num, den } = frame.sampleAspectRatio;
  return {
    width: frame.width,
    height: frame.height,
    pixelFormat: frame.format,
    sar: num > 0 && den > 0 ? { width: num, height: den } : { width: 1, height: 1 },
    matrix: frame.colorSpace,
    range: frame.colorRange,
  };
}

export function sameFormat(a: PictureFormat | undefined, b: PictureFormat): boolean {
  return (
    a !== undefined &&
    a.width === b.width &&
    a.height === b.height &&
    a.pixelFormat === b.pixelFormat &&
    a.sar.width === b.sar.width &&
    a.sar.height === b.sar.height &&
    a.matrix === b.matrix &&
    a.range === b.range
  );
}

/** A chain of FFmpeg's video filters, in its own words: `scale=640:360,format=yuv420p`. */
export class PictureFilter {
  readonly #av: MediaLibrary;
  readonly #graph: InstanceType<MediaLibrary["FilterGraph"]>;
  readonly #source: InstanceType<MediaLibrary["FilterContext"]>;
  readonly #sink: InstanceType<MediaLibrary["FilterContext"]>;
  readonly #out: Frame;

  /** @throws MediaFault when the chain cannot be made for such pictures */
  constructor(av: MediaLibrary, chain: string, format: PictureFormat, threads: number) {
    this.#av = av;
    const { width, height, pixelFormat, sar, matrix, range } = format;
    const graph = new av.FilterGraph();
    graph.alloc();
    graph.nbThreads = threads;
    const source = `width=${width}:height=${height}:pix_fmt=${pixelFormat}:time_base=1/1:sar=${sar.width}/${sar.height}`;
    const text = `buffer@in=${source}:colorspace=${matrix}:range=${range},${chain},buffersink@out`;
    try {
      must(av, graph.parse2(text), `the filter ${chain}`);
      must(av, graph.configSync(), `the filter ${chain}`);
      this.#source = end(graph, "buffer@in");
      this.#sink = end(graph, "buffersink@out");
    } catch (error) {
      graph.free();
      throw error;
    }
    this.#graph = graph;
    this.#out = new av.Frame();
    this.#out.alloc();
  }

  /** Puts in a picture, which keeps its own reference; null: there is no more. */
  push(frame: Frame | null): void {
    const flags = this.#av.AV_BUFFERSRC_FLAG_KEEP_REF;
    must(this.#av, this.#source.buffersrcAddFrameSync(frame, flags), "the filter of pictures");
  }

  /** The next picture, if there is one: the filter's own, until the next call. */
  pull(): Frame | undefined {
    this.#out.unref();
    return this.#sink.buffersinkGetFrameSync(this.#out) >= 0 ? this.#out : undefined;
  }

  close(): void {
    this.#out.free();
    this.#graph.free();
  }
}

function end(graph: InstanceType<MediaLibrary["FilterGraph"]>, name: string) {
  const context = graph.getFilter(name);
  if (!context) throw new MediaFault(`a filter without ${name}`);
  return context;
}
