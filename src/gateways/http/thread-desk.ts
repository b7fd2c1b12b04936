import type { Cancel } from "../../hls/answer.ts";
import type { FlvCounts, FlvNews } from "./flv-door.ts";
import type { FlvSource } from "./flv-source.ts";
import type { LocalSource } from "./local-source.ts";
import type { SharedAnswer, SharedText } from "./shared-answer.ts";
import type { AnswerMessage, FlvMessage, FlvNewsMessage, ToMain } from "./thread-messages.ts";

/** Answers the questions of one serving thread, in the main one. */
export class ThreadDesk {
  readonly #cancels = new Map<number, Cancel>();
  readonly #plays = new Map<number, Cancel>();
  readonly #visits = new Map<number, { counts: FlvCounts; leave?: (reason: string) => void }>();

  constructor(
    private readonly source: LocalSource,
    private readonly post: (message: AnswerMessage | FlvMessage | FlvNewsMessage) => void,
    private readonly flv?: FlvSource,
  ) {}

  ask({ id, stream, resource, query }: ToMain & { readonly type: "ask" }): void {
    let answered = false;
    const cancel = this.source.request({ stream, resource, query }, (answer) => {
      answered = true;
      this.#cancels.delete(id);
      this.post(this.#write(id, answer));
    });
    if (cancel && !answered) this.#cancels.set(id, cancel);
  }

  cancel(id: number): void {
    this.#cancels.get(id)?.();
    this.#cancels.delete(id);
  }

  play({ id, path }: ToMain & { readonly type: "play" }): void {
    if (!this.flv) this.post({ type: "flv", id, piece: "none" });
    else
      this.#plays.set(
        id,
        this.flv.open(path, (piece) => this.post({ type: "flv", id, piece })),
      );
  }

  leave(id: number): void {
    this.#plays.get(id)?.();
    this.#plays.delete(id);
  }

  enter({ id, visit }: ToMain & { readonly type: "enter" }): void {
    const tell = (news: FlvNews) => this.post({ type: "news", id, news });
    if (!this.flv) {
      tell({ type: "none" });
      return;
    }
    const entry: { counts: FlvCounts; leave?: (reason: string) => void } = { counts: NOTHING };
    this.#visits.set(id, entry);
    entry.leave = this.flv.enter(visit, tell, () => entry.counts);
  }

  counted({ id, bytesOut, dropped, timestamp }: ToMain & { readonly type: "counted" | "left" }): void {
    const entry = this.#visits.get(id);
    if (entry) entry.counts = { bytesOut, dropped, timestamp };
  }

  left(message: ToMain & { readonly type: "left" }): void {
    this.counted(message);
    this.#visits.get(message.id)?.leave?.(message.reason);
    this.#visits.delete(message.id);
  }

  /** The thread is gone. */
  close(): void {
    for (const { leave } of this.#visits.values()) leave?.("a serving thread ended");
    this.#visits.clear();
    for (const leave of this.#plays.values()) leave();
    this.#plays.clear();
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }

  #write(id: number, answer: SharedAnswer): AnswerMessage {
    if (answer.kind === "error") {
      const { status, reason, cacheControl, retryAfter } = answer;
      return { type: "error", id, status, reason, cacheControl, retryAfter };
    }
    const { contentType, cacheControl, keepMs } = answer;
    if (answer.kind === "growing") return { type: "growing", id, contentType, cacheControl, keepMs };
    if (answer.kind === "media") {
      const url = this.source.bodies.url(answer.body);
      return { type: "media", id, url, etag: answer.body.etag, vary: answer.vary, contentType, cacheControl, keepMs };
    }
    const { status, text } = answer;
    return { type: "text", id, status, text: textOf(text), etag: text.etag, contentType, cacheControl, keepMs };
  }
}

const NOTHING: FlvCounts = { bytesOut: 0, dropped: 0, timestamp: 0 };
const decoder = new TextDecoder();

function textOf(text: SharedText): string {
  return decoder.decode(text.bytes);
}
