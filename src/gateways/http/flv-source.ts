import type { FlvMessage } from "../../formats/flv/muxer.ts";
import { encodeFileHeader, TagType } from "../../formats/flv/tag.ts";
import type { Cancel } from "../../hls/answer.ts";
import type { Millis } from "../../media/time.ts";
import type { Batch, BatchReader, FanOut } from "../../play/fan-out.ts";
import type { PlaySource } from "../../play/feeds.ts";
import { FLV_FORM } from "../../play/wire-form.ts";
import type { FlvDoor } from "./flv-door.ts";

/** What of a stream has come in one go, as FLV. */
export type FlvPiece = {
  /** Whole tags. */
  readonly bytes: Uint8Array;
  /** Where a player may begin; -1 where none may. */
  readonly keyAt: number;
  /** When another one than before is in force: head of a file, and the tags with metadata and configurations. */
  readonly head?: FlvHead;
};

export type FlvHead = { readonly file: Uint8Array; readonly tags: Uint8Array };

/** `none`: there is no such stream, or it is not played so. `end`: nothing will come any more. */
export type FlvSink = (piece: FlvPiece | "none" | "end") => void;

/** Where streams come from as FLV: from beside us, or from another thread. */
export interface FlvSource extends FlvDoor {
  /** Begins with the latest keyframe. */
  open(path: string, sink: FlvSink): Cancel;
}

/** Takes streams from those that play. */
export class LocalFlvSource implements FlvSource {
  constructor(
    private readonly plays: PlaySource,
    private readonly door: FlvDoor,
    private readonly now: () => Millis,
  ) {}

  enter(...visit: Parameters<FlvDoor["enter"]>): (reason: string) => void {
    return this.door.enter(...visit);
  }

  open(path: string, sink: FlvSink): Cancel {
    if (!this.plays.policy(path) || !this.plays.exists(path)) {
      sink("none");
      return () => {};
    }
    const reader = new FlvReader(sink);
    const onEnd = () => sink("end");
    const player = { reader, form: FLV_FORM, isViewer: false, fourCcs: undefined, onLive: () => {}, onEnd };
    return this.plays.play(path, player, this.now());
  }
}

class FlvReader implements BatchReader {
  #hasVideo = false;

  constructor(private readonly sink: FlvSink) {}

  begin(fanOut: FanOut, messages: readonly FlvMessage[]): void {
    if (messages.length > 0) this.#send(messages, messages.map(fanOut.form.next));
  }

  lose(): void {}

  take({ messages, parts, bytes }: Batch): void {
    this.#send(messages, parts, bytes);
  }

  #send(messages: readonly FlvMessage[], parts: readonly Uint8Array[], joined?: Uint8Array): void {
    const heads = messages.flatMap(({ role }, index) => (role === "head" ? [index] : []));
    let head: FlvHead | undefined;
    if (heads.length > 0) {
      const has = (type: number) => heads.some((index) => messages[index]?.type === type);
      const video = (this.#hasVideo = has(TagType.video));
      const audio = has(TagType.audio) || messages.some(({ type }) => type === TagType.audio);
      const tags = Buffer.concat(heads.map((index) => parts[index] as Uint8Array));
      head = { file: encodeFileHeader({ audio, video }), tags };
    }
    let keyAt = this.#hasVideo ? -1 : 0;
    for (let index = 0, at = 0; this.#hasVideo && index < messages.length; index++) {
      if (messages[index]?.role === "key") {
        keyAt = at;
        break;
      }
      at += (parts[index] as Uint8Array).length;
    }
    this.sink({ bytes: joined ?? Buffer.concat(parts), keyAt, ...(head && { head }) });
  }
}
