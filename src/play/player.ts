import type { FlvMessage } from "../formats/flv/muxer.ts";
import { TagType } from "../formats/flv/tag.ts";
import type { Millis } from "../media/time.ts";
import type { PlayConfig } from "./config.ts";
import { type Batch, type FanOut, isUntimed } from "./fan-out.ts";

/** Where a player's bytes go. */
export type PlayerOutput = {
  /**
   * Whole messages, to be sent in this order.
   * @returns false when too much waits: they were not taken, and what waited of this player is dropped
   */
  send(bytes: Uint8Array): boolean;
  /** Nothing waits: a player that fell behind may go on. */
  isIdle(): boolean;
  /** The player is too slow. Called once, until it has caught up. */
  lagging(): void;
};

/** A player that begins without a picture may get one whose time is a little less; its zero is so much earlier. */
const LEAD: Millis = 500;

/** One player: what it has of what its stream sends, and what it wants of it. */
export class Player {
  /** Messages that this player was too slow for. */
  dropped = 0;
  #fanOut: FanOut | undefined;
  #base: Millis | undefined;
  /** How much before its first message that is. */
  #lead: Millis = 0;
  /** Whether it has the message before, of each type. */
  readonly #has = { 8: false, 9: false, 18: false };
  #audio = true;
  #video = true;
  #paused = false;
  /** What is held back until there is a keyframe. */
  #held: "nothing" | "pictures" | "all" = "nothing";
  /** What is in force may have changed while nothing was sent. */
  #headDue = false;
  #lagging = false;
  /** It was sent messages up to this time. */
  #time = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly config: PlayConfig,
    private readonly output: PlayerOutput,
    /** Where its times begin, if they begin anew. */
    private readonly from: Millis = 0,
  ) {}

  /** For the fan-out: begins with these messages or, if they are none, with those to come. */
  begin(fanOut: FanOut, messages: readonly FlvMessage[]): void {
    this.#fanOut = fanOut;
    this.lose();
    const { waitForKeyframe, waitForVideo } = this.config;
    const key = messages.find(({ role }) => role === "key");
    if (key) {
      this.#held = "nothing";
      this.#base ??= this.#zeroAt(key.time);
    } else {
      this.#held = waitForVideo ? "all" : waitForKeyframe ? "pictures" : "nothing";
    }
    this.#headDue = this.#held === "all";
    this.#lead = key || !fanOut.hasVideo ? 0 : LEAD;
    for (const message of messages) if (this.#takes(message)) this.#send(message, undefined);
  }

  /** It has not the message before of this type, or of any. */
  lose(type?: FlvMessage["type"]): void {
    const has = this.#has;
    if (type !== undefined) has[this.#clockOf(type)] = false;
    else has[8] = has[9] = has[18] = false;
  }

  /** For the fan-out: what has come. */
  take(batch: Batch): void {
    if (this.#paused) return;
    if (this.#follows(batch)) {
      if (this.output.send(batch.bytes)) this.#time = batch.time;
      else this.#fallBehind(batch.messages.length);
      return;
    }
    const beginsWithPicture = batch.messages.some(({ role }) => role === "key");
    this.#lead = beginsWithPicture || !this.#fanOut?.hasVideo ? 0 : LEAD;
    for (const [index, message] of batch.messages.entries()) {
      if (this.#takes(message)) {
        if (this.#headDue && message.role !== "head") this.#sendHead(message.time);
        this.#send(message, batch.parts[index]);
      } else {
        this.lose(message.type);
        if (this.#lagging) this.dropped++;
      }
    }
  }

  /** Of the latest message that it was sent, and how far audio is ahead of video, in the times that it sees. */
  get times(): { readonly timestamp: Millis; readonly avSync: Millis } {
    const audio = this.#fanOut?.last(TagType.audio);
    const video = this.#fanOut?.last(TagType.video);
    return {
      timestamp: Number.isFinite(this.#time) ? Math.max(0, this.#time - (this.#base ?? 0)) : 0,
      avSync: audio === undefined || video === undefined ? 0 : audio - video,
    };
  }

  /** What waited has been sent: who fell behind goes on with the latest keyframe, if that is new to it. */
  drained(): void {
    if (this.#lagging && !this.#paused) this.#rejoin();
  }

  /** Nothing is sent until it goes on. */
  pause(paused: boolean): void {
    if (this.#paused === paused) return;
    this.#paused = paused;
    if (paused) return;
    this.lose();
    this.#held = "all";
    this.#headDue = true;
    this.#rejoin();
  }

  /** Whether it wants audio, or video, at all. */
  want(kind: "audio" | "video", wanted: boolean): void {
    this.#headDue ||= wanted;
    if (kind === "audio") {
      this.#audio = wanted;
      return;
    }
    if (wanted && !this.#video && this.#held === "nothing") this.#held = "pictures";
    this.#video = wanted;
  }

  #rejoin(): void {
    const fanOut = this.#fanOut;
    const messages = fanOut?.backlog() ?? [];
    const key = messages.find(({ role }) => role === "key");
    if (!fanOut || !key || key.time <= this.#time) return;
    this.#lagging = false;
    fanOut.add(this);
  }

  /** Whether the batch can be sent as it is. */
  #follows({ types }: Batch): boolean {
    if (this.#held !== "nothing" || this.#headDue || !this.#audio || !this.#video) return false;
    const has = this.#has;
    if (this.#fanOut?.form.interleave) return has[8];
    return (has[8] || !types[8]) && (has[9] || !types[9]) && (has[18] || !types[18]);
  }

  #takes({ type, role, time }: FlvMessage): boolean {
    if (isUntimed(type, role)) return this.#held !== "all";
    if (type === TagType.audio) {
      // What precedes the picture that a player began with is of no use to it.
      if (!this.#audio || role === "early" || (this.#base !== undefined && time < this.#base + this.from)) return false;
    } else if (type === TagType.video && !this.#video) return false;
    if (this.#held === "nothing") return true;
    if (this.#lagging && !this.output.isIdle()) return false;
    if (role === "key" || (this.#held === "all" && !this.#fanOut?.hasVideo)) {
      this.#held = "nothing";
      this.#lagging = false;
      return true;
    }
    return this.#held === "pictures" && (type !== TagType.video || role === "head");
  }

  #sendHead(time: Millis): void {
    this.#headDue = false;
    for (const message of this.#fanOut?.headAt(time) ?? []) {
      this.lose(message.type);
      this.#send(message, undefined);
    }
    this.lose();
  }

  /** @param next the message's bytes for who has the one before */
  #send(message: FlvMessage, next: Uint8Array | undefined): void {
    const form = this.#fanOut?.form;
    if (!form || (this.#lagging && this.#held === "all")) return;
    const clock = this.#clockOf(message.type);
    if (isUntimed(message.type, message.role)) {
      if (!this.output.send(next ?? form.next(message))) this.#fallBehind(1);
      return;
    }
    this.#base ??= this.#zeroAt(message.time - this.#lead);
    const bytes = this.#has[clock] ? (next ?? form.next(message)) : form.first(message, this.#base);
    if (!this.output.send(bytes)) {
      this.#fallBehind(1);
      return;
    }
    this.#has[clock] = true;
    this.#time = Math.max(this.#time, message.time);
  }

  /** Types that share a clock are had, or not, together. */
  #clockOf(type: FlvMessage["type"]): FlvMessage["type"] {
    return this.#fanOut?.form.interleave ? TagType.audio : type;
  }

  #zeroAt(time: Millis): Millis {
    return this.config.timesFromZero ? Math.max(0, time) - this.from : 0;
  }

  #fallBehind(messages: number): void {
    this.dropped += messages;
    this.#held = "all";
    this.#headDue = true;
    this.lose();
    if (!this.#lagging) this.output.lagging();
    this.#lagging = true;
  }
}
