import type { MediaLibrary } from "../../media-process/library.ts";
import type { Frame } from "./decoder.ts";
import { fitInto, type ShapedPicture } from "./fit.ts";
import { MediaFault } from "./media-fault.ts";
import { formatOf, PictureFilter, type PictureFormat, sameFormat } from "./picture-filter.ts";

type Scaler = { readonly filter: PictureFilter; picture: number; frame: Frame | undefined };

/** Most sizes, of one source, that are kept ready. */
const MAX_SCALERS = 16;

/** The pictures of a source in other sizes, each made once, whoever wants it. */
export class ScaledPictures {
  readonly #av: MediaLibrary;
  readonly #threads: number;
  readonly #scalers = new Map<string, Scaler>();
  #format: PictureFormat | undefined;
  /** Number of the present picture. */
  #picture = 0;

  constructor(av: MediaLibrary, threads: number) {
    this.#av = av;
    this.#threads = threads;
  }

  get format(): PictureFormat | undefined {
    return this.#format;
  }

  /** The picture that is wanted next. */
  set(frame: Frame): void {
    this.#picture++;
    const format = formatOf(frame);
    if (sameFormat(this.#format, format)) return;
    this.close();
    this.#format = format;
  }

  /** The present picture, `frame`, in the shape of `target`, with bars where its own is another. Gone with the next `set`. */
  scale(frame: Frame, target: ShapedPicture, pixelFormat: string): Frame {
    const format = this.#format ?? formatOf(frame);
    const chain = chainFor(format, target, pixelFormat);
    let scaler = this.#scalers.get(chain);
    if (!scaler) {
      if (this.#scalers.size >= MAX_SCALERS) this.#closeScalers();
      scaler = { filter: new PictureFilter(this.#av, chain, format, this.#threads), picture: 0, frame: undefined };
      this.#scalers.set(chain, scaler);
    }
    if (scaler.picture !== this.#picture) {
      scaler.picture = this.#picture;
      scaler.filter.push(frame);
      scaler.frame = scaler.filter.pull();
    }
    if (!scaler.frame) throw new MediaFault(`the filter ${chain} gives no picture`);
    return scaler.frame;
  }

  close(): void {
    this.#format = undefined;
    this.#closeScalers();
  }

  #closeScalers(): void {
    for (const { filter } of this.#scalers.values()) filter.close();
    this.#scalers.clear();
  }
}

function chainFor(source: PictureFormat, target: ShapedPicture, pixelFormat: string): string {
  const { width, height } = fitInto(source, target);
  const bars = width !== target.width || height !== target.height;
  return [
    `scale=${width}:${height}:flags=bicubic`,
    ...(bars ? [`pad=${target.width}:${target.height}:(ow-iw)/2:(oh-ih)/2`] : []),
    `setsar=${target.sar.width}/${target.sar.height}`,
    `format=${pixelFormat}`,
  ].join(",");
}
