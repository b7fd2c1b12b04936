import type { OriginRequest } from "../../hls/answer.ts";
import { pieceName } from "../../hls/names.ts";
import type { AnswerSource } from "./shared-answer.ts";

/** Segments that are sent while they are made. Each piece is asked for once, and its bytes are the same for all readers. */
export class GrowingSegments {
  readonly #segments = new Map<string, GrowingSegment>();

  constructor(private readonly source: AnswerSource) {}

  /**
   * The bytes of a segment from the first on, as they come. Ends with the segment; fails when the source has no next piece in
   * its time, so that a segment that stops growing is not held for ever.
   */
  stream(segment: OriginRequest): ReadableStream<Uint8Array> {
    const name = `${segment.stream} ${segment.resource}`;
    let growing = this.#segments.get(name);
    if (!growing) {
      growing = new GrowingSegment(this.source, segment, () => this.#segments.delete(name));
      this.#segments.set(name, growing);
    }
    return growing.stream();
  }
}

class GrowingSegment {
  readonly #pieces: Uint8Array[] = [];
  #state: "growing" | "complete" | "broken" = "growing";
  /** Settled with the next piece, or the end. */
  #news = Promise.withResolvers<void>();

  constructor(
    private readonly source: AnswerSource,
    private readonly segment: OriginRequest,
    onEnd: () => void,
  ) {
    const broken = () => "broken" as const;
    void this.#read()
      .catch(broken)
      .then((state) => {
        this.#state = state;
        onEnd();
        this.#news.resolve();
      });
  }

  /** A reader that takes its time is given pieces as it takes them. */
  stream(): ReadableStream<Uint8Array> {
    let at = 0;
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
      while (at === this.#pieces.length && this.#state === "growing") await this.#news.promise;
      const piece = this.#pieces[at++];
      if (piece) controller.enqueue(piece);
      else if (this.#state === "complete") controller.close();
      else controller.error(new Error("the segment was not completed"));
    };
    return new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 });
  }

  async #read(): Promise<"complete" | "broken"> {
    for (let index = 0; ; index++) {
      const piece = await this.#piece(index);
      if (piece === undefined) return "broken";
      if (piece.length === 0) return "complete";
      this.#pieces.push(piece);
      const { resolve } = this.#news;
      this.#news = Promise.withResolvers();
      resolve();
    }
  }

  /** Empty behind the last one; undefined when it does not come. */
  #piece(index: number): Promise<Uint8Array | undefined> {
    const { stream, resource } = this.segment;
    return new Promise((resolve) => {
      this.source.request({ stream, resource: pieceName(resource, index), query: "" }, (answer) => {
        if (answer.kind !== "media") resolve(undefined);
        else resolve(answer.body.bytes ?? answer.body.blob.bytes());
      });
    });
  }
}
