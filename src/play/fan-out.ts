import { type FlvMessage, FlvMuxer, type FlvMuxerOptions } from "../formats/flv/muxer.ts";
import { TagType } from "../formats/flv/tag.ts";
import type { MediaEvent, Packet } from "../media/event.ts";
import type { Millis } from "../media/time.ts";
import type { Track } from "../media/track.ts";
import type { WireForm } from "./wire-form.ts";

/** What has come in one go, as bytes for who has all that was before. */
export type Batch = {
  readonly messages: readonly FlvMessage[];
  /** Of each message. */
  readonly parts: readonly Uint8Array[];
  /** All of them. */
  readonly bytes: Uint8Array;
  /** Of the latest message. */
  readonly time: Millis;
  /** Which types are among them. */
  readonly types: { readonly 8: boolean; readonly 9: boolean; readonly 18: boolean };
};

/** For so many players sound and pictures are gathered, and for fewer sent at once. */
const MANY = 50;

/** Who takes batches. */
export interface BatchReader {
  /** Begins with these messages or, if they are none, with those to come. */
  begin(fanOut: FanOut, messages: readonly FlvMessage[]): void;
  /** It has not the message before of this type. */
  lose(type: FlvMessage["type"]): void;
  take(batch: Batch): void;
}

export type FanOutOptions = FlvMuxerOptions & {
  readonly form: WireForm;
  /** What is in force, and what has come since the last keyframe. */
  readonly source: () => { readonly tracks: readonly Track[]; readonly packets: readonly Packet[] };
  readonly scheduler: Scheduler;
};

/** When what has come is sent. Each write costs the system the same, however small it is. */
export type Scheduler = {
  /** As soon as what is being received has been handled. */
  readonly soon: (work: () => void) => void;
  /** Some milliseconds later. */
  readonly later: (work: () => void) => void;
};

/** Makes each message once for all players that take the same bytes. */
export class FanOut {
  readonly form: WireForm;
  readonly #options: FanOutOptions;
  readonly #readers = new Set<BatchReader>();
  #muxer: FlvMuxer;
  #messages: FlvMessage[] = [];
  readonly #flushed = () => this.#flush();

  constructor(options: FanOutOptions) {
    this.#options = options;
    this.form = options.form;
    this.#muxer = new FlvMuxer(options);
    const { tracks } = options.source();
    if (tracks.length > 0) this.#muxer.setTracks(tracks);
  }

  get size(): number {
    return this.#readers.size;
  }

  get hasVideo(): boolean {
    return this.#muxer.hasVideo;
  }

  /** Of the latest message; undefined when there was none. */
  get lastTime(): Millis | undefined {
    return this.#muxer.lastTime;
  }

  /** Time of the latest message of this type. */
  last(type: FlvMessage["type"]): Millis | undefined {
    return this.#muxer.last(type);
  }

  /** Begins with what has come since the last keyframe; who is there already begins anew. */
  add(reader: BatchReader): void {
    this.#flush();
    this.#readers.add(reader);
    const live = this.#muxer;
    const [muxer, messages] = this.#sinceKeyframe();
    // Sequence headers have gone out, so that the next ones may be far away.
    if (messages.length === 0 && live.lastTime !== undefined && !live.headDue) muxer.head(live.lastTime, messages);
    if (live.lastTime === undefined) this.#muxer = muxer;
    reader.begin(this, messages);
    for (const type of [TagType.audio, TagType.video, TagType.script]) {
      const same = this.form.interleave
        ? muxer.lastMixed === this.#muxer.lastMixed
        : muxer.last(type) === this.#muxer.last(type);
      if (!same) reader.lose(type);
    }
  }

  /** Harmless when called twice. */
  remove(reader: BatchReader): void {
    this.#readers.delete(reader);
  }

  /** What a player would begin with now; begins with the head, or is empty. */
  backlog(): readonly FlvMessage[] {
    return this.#sinceKeyframe()[1];
  }

  /** Metadata and sequence headers for who goes on at this time. */
  headAt(time: Millis): readonly FlvMessage[] {
    const messages: FlvMessage[] = [];
    const muxer = new FlvMuxer(this.#options);
    muxer.setTracks(this.#options.source().tracks);
    muxer.head(time, messages);
    return messages;
  }

  write(event: MediaEvent): void {
    const before = this.#messages.length;
    if (event.type === "packet") this.#muxer.packet(event, this.#messages);
    else if (event.type === "tracks") this.#muxer.setTracks(event.tracks);
    else if (event.type === "data" && event.kind === "amf") this.#muxer.script(event.value, this.#messages);
    if (before > 0 || this.#messages.length === 0) return;
    const { soon, later } = this.#options.scheduler;
    if (this.#readers.size < MANY) soon(this.#flushed);
    else later(this.#flushed);
  }

  #sinceKeyframe(): [FlvMuxer, FlvMessage[]] {
    const { tracks, packets } = this.#options.source();
    const muxer = new FlvMuxer(this.#options);
    const messages: FlvMessage[] = [];
    if (tracks.length > 0) muxer.setTracks(tracks);
    for (const packet of packets) muxer.packet(packet, messages);
    return [muxer, messages];
  }

  #flush(): void {
    const messages = this.#messages;
    const last = messages.at(-1);
    if (!last) return;
    this.#messages = [];
    const types = { 8: false, 9: false, 18: false };
    for (const { type, role } of messages) types[type] ||= !isUntimed(type, role);
    const parts = messages.map((message) => this.form.next(message));
    const batch = { messages, parts, bytes: joined(parts), time: last.time, types };
    for (const reader of [...this.#readers]) reader.take(batch);
  }
}

/** Metadata: it is the same for who has it before and who has not. */
export function isUntimed(type: FlvMessage["type"], role: FlvMessage["role"]): boolean {
  return type === TagType.script && role === "head";
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array;
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
