import { type FlvMessage, FlvMuxer } from "../formats/flv/muxer.ts";
import { encodeFileHeader, encodeTag } from "../formats/flv/tag.ts";
import type { Packet } from "../media/event.ts";
import { type Millis, rescale } from "../media/time.ts";
import type { Track, TrackId } from "../media/track.ts";
import type { FileWrite, RecordingFile } from "./recording-file.ts";

/** FLV, as nginx-rtmp records it; codecs that the classic headers have no number for by enhanced ones. */
export class FlvFile implements RecordingFile {
  readonly #muxer: FlvMuxer;
  readonly #write: (write: FileWrite) => void;
  readonly #timescales: ReadonlyMap<TrackId, number>;
  readonly #messages: FlvMessage[] = [];
  #start: Millis | undefined;

  /** @param goesOnAt a file that is there is gone on with, at this time */
  constructor(tracks: readonly Track[], write: (write: FileWrite) => void, goesOnAt?: Millis) {
    this.#write = write;
    this.#timescales = new Map(tracks.map(({ id, timescale }) => [id, timescale]));
    this.#muxer = new FlvMuxer({
      accepts: () => true,
      metadata: "on",
      described: () => ({}),
      shift: () => (goesOnAt ?? 0) - (this.#start ?? 0),
    });
    this.#muxer.setTracks(tracks);
    const has = (kind: Track["kind"]) => tracks.some((track) => track.kind === kind);
    if (goesOnAt === undefined) write({ bytes: encodeFileHeader({ audio: has("audio"), video: has("video") }) });
  }

  write(packet: Packet): void {
    this.#start ??= rescale(packet.dts, this.#timescales.get(packet.track) ?? 1000, 1000);
    const messages = this.#messages;
    this.#muxer.packet(packet, messages);
    for (const { type, mixedTime, head, data } of messages) {
      this.#write({ bytes: encodeTag({ type, timestamp: Math.max(0, mixedTime), body: head, more: data }) });
    }
    messages.length = 0;
  }

  finish(): void {}
}
