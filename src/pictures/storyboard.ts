import type { Millis } from "../media/time.ts";
import type { PlacedTile } from "./messages.ts";
import { displaySize, fitWithin, type Keyframe, type Picture, type PictureFormat, type Size } from "./picture.ts";
import type { PictureQueue } from "./picture-queue.ts";
import { PICTURE_TYPES, type PictureAnswer, type PictureCallback } from "./request.ts";
import { type BoardLayout, type BoardSegment, formatStoryboard, layOut, placeOf, tiled } from "./storyboard-tiles.ts";
import { NOT_YET } from "./thumbnails.ts";

/** The window of a stream as a storyboard sees it. */
export interface BoardWindow {
  readonly segments: readonly BoardSegment[];
  /** Segments in it when it is full. */
  readonly expected: number;
  /** How the newest segment is to be shown. */
  readonly shape: Parameters<typeof displaySize>[0] | undefined;
  /** With which a segment begins. */
  keyframe(msn: number): Keyframe | undefined;
}

export type StoryboardOptions = {
  readonly path: string;
  readonly queue: PictureQueue;
  /** Undefined when the stream is gone. */
  readonly window: () => BoardWindow | undefined;
  readonly settings: () => { readonly interval: Millis; readonly tile: number; readonly columns: number };
  readonly now: () => Millis;
};

/** What is missing after this is left out. */
const PATIENCE: Millis = 4_000;
/** Nothing at all after this. */
const GIVE_UP: Millis = 8_000;

type Waiting = { readonly format: PictureFormat | "vtt"; readonly since: Millis; readonly answer: PictureCallback };

/** What was there at a moment, and the pictures that have been asked for of it. */
type Edition = {
  readonly madeAt: Millis;
  readonly text: Uint8Array;
  readonly layout: BoardLayout;
  readonly tiles: readonly PlacedTile[];
  readonly sheets: Map<PictureFormat, Picture | "being made">;
};

/** Small pictures of one stream's window, one for each segment, in one large picture; and the list of them. */
export class Storyboard {
  /** When somebody asked last. */
  askedAt: Millis;
  #layout: BoardLayout | undefined;
  readonly #tiles = new Map<number, Uint8Array | "being made" | "none">();
  readonly #waiting = new Set<Waiting>();
  #edition: Edition | undefined;

  constructor(private readonly options: StoryboardOptions) {
    this.askedAt = options.now();
  }

  request(format: PictureFormat | "vtt", answer: PictureCallback): (() => void) | undefined {
    const now = this.options.now();
    this.askedAt = now;
    const waiting = { format, since: now, answer };
    this.#waiting.add(waiting);
    if (this.#isFresh(now)) this.#serve();
    else this.#gather();
    return () => this.#waiting.delete(waiting);
  }

  /** To be called a few times a second. */
  tick(): void {
    if (this.#waiting.size === 0) return;
    const now = this.options.now();
    const [first] = this.#waiting;
    const waited = now - (first?.since ?? now);
    if (waited >= PATIENCE && !this.#isFresh(now)) this.#publish();
    for (const waiting of this.#waiting) if (now - waiting.since >= GIVE_UP) this.#answer(waiting, NOT_YET);
  }

  #isFresh(now: Millis): boolean {
    return this.#edition !== undefined && now - this.#edition.madeAt < this.options.settings().interval;
  }

  /** Has the tiles made that are missing. */
  #gather(): void {
    const window = this.options.window();
    if (!window || window.segments.length === 0) {
      for (const waiting of this.#waiting) this.#answer(waiting, noStoryboard(this.options.path));
      return;
    }
    const layout = this.#layOut(window);
    const wanted = tiled(window.segments, layout);
    const numbers = new Set(wanted.map(({ msn }) => msn));
    for (const msn of this.#tiles.keys()) if (!numbers.has(msn)) this.#tiles.delete(msn);
    for (const { msn } of wanted) if (!this.#tiles.has(msn)) this.#makeTile(msn, layout);
    this.#publishWhenWhole();
  }

  #layOut({ shape, expected }: BoardWindow): BoardLayout {
    const { tile, columns } = this.options.settings();
    const size = tileSize(shape, tile);
    const layout = layOut(size, columns, expected);
    if (this.#layout && JSON.stringify(layout) === JSON.stringify(this.#layout)) return this.#layout;
    this.#tiles.clear();
    this.#layout = layout;
    return layout;
  }

  #makeTile(msn: number, layout: BoardLayout): void {
    const { path, queue, window } = this.options;
    this.#tiles.set(msn, "being made");
    const make = () => {
      if (this.#layout !== layout) return undefined;
      const keyframe = window()?.keyframe(msn);
      return keyframe && ({ type: "tile", keyframe, size: layout.tile } as const);
    };
    queue.add(path, make, (result) => {
      if (this.#layout !== layout || this.#tiles.get(msn) !== "being made") return;
      this.#tiles.set(msn, result?.type === "samples" ? result.samples : "none");
      this.#publishWhenWhole();
    });
  }

  #publishWhenWhole(): void {
    for (const tile of this.#tiles.values()) if (tile === "being made") return;
    if (this.#waiting.size > 0 && !this.#isFresh(this.options.now())) this.#publish();
  }

  #publish(): void {
    const window = this.options.window();
    const layout = this.#layout;
    if (!window || !layout) return;
    const made: [number, Uint8Array][] = [];
    for (const [msn, tile] of this.#tiles) if (tile instanceof Uint8Array) made.push([msn, tile]);
    if (made.length === 0) {
      for (const waiting of this.#waiting) this.#answer(waiting, NOT_YET);
      return;
    }
    const known = new Set(made.map(([msn]) => msn));
    const text = formatStoryboard(window.segments, layout, (msn) => known.has(msn));
    this.#edition = {
      madeAt: this.options.now(),
      text: encoder.encode(text),
      layout,
      tiles: made.map(([msn, samples]) => ({ place: placeOf(msn, layout), samples })),
      sheets: new Map(),
    };
    this.#serve();
  }

  /** Answers who waits, as far as what they want is there; a sheet is made when it is first wanted. */
  #serve(): void {
    const edition = this.#edition;
    if (!edition) return;
    for (const waiting of this.#waiting) {
      const { format } = waiting;
      if (format === "vtt") {
        this.#answer(waiting, this.#answerOf(edition, "vtt", edition.text));
        continue;
      }
      const sheet = edition.sheets.get(format);
      if (sheet === undefined) this.#makeSheet(edition, format);
      else if (sheet !== "being made") this.#answer(waiting, this.#answerOf(edition, format, sheet.bytes));
    }
  }

  #makeSheet(edition: Edition, format: PictureFormat): void {
    const { layout, tiles } = edition;
    const { tile, columns, rows } = layout;
    edition.sheets.set(format, "being made");
    const make = () => ({ type: "sheet", format, tile, columns, rows, tiles }) as const;
    this.options.queue.add(this.options.path, make, (result) => {
      if (result?.type !== "picture") {
        edition.sheets.delete(format);
        for (const waiting of this.#waiting) if (waiting.format === format) this.#answer(waiting, NOT_YET);
        return;
      }
      edition.sheets.set(format, result.picture);
      if (edition === this.#edition) this.#serve();
    });
  }

  #answerOf({ madeAt }: Edition, format: keyof typeof PICTURE_TYPES, body: Uint8Array): PictureAnswer {
    const left = Math.ceil((this.options.settings().interval - (this.options.now() - madeAt)) / 1000);
    return { status: 200, contentType: PICTURE_TYPES[format], body, maxAgeSeconds: Math.max(1, left) };
  }

  #answer(waiting: Waiting, answer: PictureAnswer): void {
    if (this.#waiting.delete(waiting)) waiting.answer(answer);
  }
}

const encoder = new TextEncoder();

function noStoryboard(path: string): PictureAnswer {
  return { status: 404, reason: `there is no storyboard of "${path}"` };
}

/** @param longer side, in pixels */
function tileSize(shape: BoardWindow["shape"], longer: number): Size {
  const shown = shape ? displaySize(shape) : { width: 16, height: 9 };
  // Also of a picture that is smaller: all tiles have one size.
  const scale = Math.max(1, longer / Math.min(shown.width, shown.height));
  const box = { width: longer, height: longer };
  return fitWithin({ width: shown.width * scale, height: shown.height * scale }, box);
}
