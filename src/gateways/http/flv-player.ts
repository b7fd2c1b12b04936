import { lastTimestamp, restampTags } from "../../formats/flv/tag.ts";
import type { Millis } from "../../media/time.ts";
import type { FlvCounts } from "./flv-door.ts";
import type { FlvHead, FlvPiece } from "./flv-source.ts";

/** What a player's bytes go through: a response's body, or a WebSocket. */
export type FlvOutput = {
  send(bytes: Uint8Array): void;
  /** Bytes that were sent and have not been taken. */
  waiting(): number;
  /** Ends it, as the end of the stream or because it takes nothing. */
  close(reason: "end" | "stuck"): void;
};

/** Media that may wait for a player, and for how long; beyond it, it skips to a keyframe. */
const MAX_WAITING_BYTES = 4 << 20;
const MAX_DELAY: Millis = 5_000;
/** A player that has taken nothing for so long is closed. */
const STUCK: Millis = 60_000;

/** One player of HTTP-FLV or WebSocket-FLV. */
export class FlvPlayer {
  #head: FlvHead | undefined;
  /** It has what came before the next piece. */
  #follows = false;
  #sentBytes = 0;
  #dropped = 0;
  /** What was sent last; ends with a tag. */
  #last: Uint8Array | undefined;
  /** How much had been sent when, of what may be waiting. */
  readonly #sent: { readonly bytes: number; readonly at: Millis }[] = [];

  constructor(private readonly output: FlvOutput) {}

  /**
   * Begins, or goes on with another stream.
   * @param pieces what has come since the last keyframe; none: it begins with the next one
   */
  begin(head: FlvHead, pieces: readonly Uint8Array[], now: Millis): void {
    const file = this.#head ? [] : [head.file];
    this.#head = head;
    const [first] = pieces;
    const tags = first ? restampTags(head.tags, first) : head.tags;
    this.#send(Buffer.concat([...file, tags, ...pieces]), now);
    this.#follows = first !== undefined;
  }

  take({ bytes, keyAt }: FlvPiece, head: FlvHead, now: Millis): void {
    const waiting = this.output.waiting();
    const since = this.#waitsSince(waiting);
    if (since !== undefined && now - since > STUCK) {
      this.output.close("stuck");
      return;
    }
    const isSlow = waiting > MAX_WAITING_BYTES || (since !== undefined && now - since > MAX_DELAY);
    if (isSlow) this.#follows = false;
    else if (this.#follows) this.#send(bytes, now);
    else if (keyAt >= 0) {
      const rest = bytes.subarray(keyAt);
      this.#send(head === this.#head ? rest : Buffer.concat([restampTags(head.tags, rest), rest]), now);
      this.#follows = true;
    }
    if (this.#follows) this.#head = head;
    else this.#dropped++;
  }

  counts(): FlvCounts {
    return {
      bytesOut: this.#sentBytes - this.output.waiting(),
      dropped: this.#dropped,
      timestamp: this.#last ? lastTimestamp(this.#last) : 0,
    };
  }

  close(): void {
    this.output.close("end");
  }

  #send(bytes: Uint8Array, now: Millis): void {
    this.#sentBytes += bytes.length;
    this.#sent.push({ bytes: this.#sentBytes, at: now });
    this.#last = bytes;
    this.output.send(bytes);
  }

  /** When the first of what waits was sent. */
  #waitsSince(waiting: number): Millis | undefined {
    const taken = this.#sentBytes - waiting;
    while (this.#sent[0] && this.#sent[0].bytes <= taken) this.#sent.shift();
    return this.#sent[0]?.at;
  }
}
