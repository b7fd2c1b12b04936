import { type FlvMessage, FlvMuxer } from "../formats/flv/muxer.ts";
import type { MediaEvent } from "../media/event.ts";
import { type Millis, rescale } from "../media/time.ts";
import type { Track, TrackId } from "../media/track.ts";

export type FileMessagesOptions = {
  /** Whether the player can do anything with a codec that has no number in the classic headers. */
  readonly accepts: (fourCc: string) => boolean;
  readonly duration: Millis | undefined;
};

/** Turns what is read of a file into FLV messages with the file's own times; anew from wherever it is read. */
export class FileMessages {
  readonly #options: FileMessagesOptions;
  #muxer: FlvMuxer;
  #tracks: readonly Track[] = [];
  #timescales: ReadonlyMap<TrackId, number> = new Map();

  constructor(options: FileMessagesOptions) {
    this.#options = options;
    this.#muxer = this.#begin();
  }

  /** What comes next is from elsewhere: it begins with metadata and sequence headers. */
  restart(): void {
    this.#muxer = this.#begin();
    this.#muxer.setTracks(this.#tracks);
  }

  /** Appends the messages of an event. */
  push(event: MediaEvent, out: FlvMessage[]): void {
    if (event.type === "tracks") {
      this.#tracks = event.tracks;
      this.#timescales = new Map(event.tracks.map(({ id, timescale }) => [id, timescale]));
      this.#muxer.setTracks(event.tracks);
    } else if (event.type === "packet") this.#muxer.packet(event, out);
  }

  /** When a packet is decoded; undefined for what is not a packet. */
  timeOf(event: MediaEvent): Millis | undefined {
    if (event.type !== "packet") return undefined;
    return rescale(event.dts, this.#timescales.get(event.track) ?? 1000, 1000);
  }

  #begin(): FlvMuxer {
    const { accepts, duration } = this.#options;
    const facts = duration === undefined ? undefined : { duration: duration / 1000 };
    return new FlvMuxer({ accepts, metadata: "on", described: () => ({}), facts, shift: () => 0 });
  }
}
