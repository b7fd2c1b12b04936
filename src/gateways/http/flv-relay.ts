import type { Cancel } from "../../hls/answer.ts";
import type { Millis } from "../../media/time.ts";
import type { FlvPlayer } from "./flv-player.ts";
import type { FlvHead, FlvPiece, FlvSource } from "./flv-source.ts";

/** Of what has come since the last keyframe; a longer group of pictures has no beginning for new players. */
const MAX_GROUP_BYTES = 4 << 20;

export type FlvViewer = {
  readonly player: FlvPlayer;
  /** Tells viewers apart. */
  readonly id: number;
  /** There is something to play; `none`: there is no such stream. */
  readonly onBegin: (result: "begins" | "none") => void;
};

/** One stream, to all its players in this thread. */
class FlvRelay {
  readonly viewers = new Set<FlvViewer>();
  readonly #waiting = new Set<FlvViewer>();
  #head: FlvHead | undefined;
  #group: Uint8Array[] = [];
  #groupBytes = 0;
  #cancel: Cancel | undefined;
  #closed = false;

  constructor(
    source: FlvSource,
    path: string,
    private readonly now: () => Millis,
    private readonly onEmpty: (relay: FlvRelay) => void,
  ) {
    this.#cancel = source.open(path, (piece) => {
      if (piece === "none") this.#end("none");
      else if (piece === "end") this.#end("end");
      else this.#take(piece);
    });
    if (this.#closed) this.#cancel();
  }

  get closed(): boolean {
    return this.#closed;
  }

  add(viewer: FlvViewer): void {
    this.viewers.add(viewer);
    if (!this.#head) {
      this.#waiting.add(viewer);
      return;
    }
    viewer.onBegin("begins");
    viewer.player.begin(this.#head, this.#group, this.now());
  }

  /** Harmless when called twice. */
  remove(viewer: FlvViewer): void {
    this.#waiting.delete(viewer);
    if (!this.viewers.delete(viewer) || this.viewers.size > 0) return;
    this.#close();
  }

  #take(piece: FlvPiece): void {
    const { bytes, keyAt, head } = piece;
    const now = this.now();
    const began = this.#head;
    if (head) this.#head = head;
    if (!this.#head) return;
    if (head) this.#setGroup([]);
    if (keyAt >= 0) this.#setGroup([bytes.subarray(keyAt)]);
    else if (this.#group.length > 0) {
      this.#group.push(bytes);
      this.#groupBytes += bytes.length;
      if (this.#groupBytes > MAX_GROUP_BYTES) this.#setGroup([]);
    }
    const present = this.#head;
    if (began) {
      for (const viewer of this.viewers) if (!this.#waiting.has(viewer)) viewer.player.take(piece, present, now);
    }
    for (const viewer of [...this.#waiting]) {
      this.#waiting.delete(viewer);
      viewer.onBegin("begins");
      viewer.player.begin(present, this.#group, now);
    }
  }

  #setGroup(group: Uint8Array[]): void {
    this.#groupBytes = group[0]?.length ?? 0;
    this.#group = group;
  }

  #end(result: "none" | "end"): void {
    for (const viewer of [...this.viewers]) {
      if (this.#waiting.delete(viewer)) viewer.onBegin("none");
      else if (result === "end") viewer.player.close();
    }
    this.viewers.clear();
    this.#close();
  }

  #close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.onEmpty(this);
  }
}

/** The streams that are played as FLV in this thread. */
export class FlvRelays {
  readonly #relays = new Map<string, FlvRelay>();

  constructor(
    private readonly source: FlvSource,
    private readonly now: () => Millis,
  ) {}

  /** Returns how the viewer leaves; harmless when called twice. */
  play(path: string, viewer: FlvViewer): () => void {
    let relay = this.#relays.get(path);
    if (!relay) {
      relay = new FlvRelay(this.source, path, this.now, (empty) => {
        if (this.#relays.get(path) === empty) this.#relays.delete(path);
      });
    }
    if (relay.closed) {
      viewer.onBegin("none");
      return () => {};
    }
    const playing = relay;
    this.#relays.set(path, playing);
    playing.add(viewer);
    return () => playing.remove(viewer);
  }

  /** Tells who is there. To be called every few seconds. */
  count(seen: (path: string, viewer: number) => void): void {
    for (const [path, { viewers }] of this.#relays) for (const { id } of viewers) seen(path, id);
  }
}
