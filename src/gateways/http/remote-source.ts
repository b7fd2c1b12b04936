import { resolveObjectURL } from "node:buffer";
import type { Cancel, OriginRequest } from "../../hls/answer.ts";
import type { FlvCounts, FlvNews, FlvVisit } from "./flv-door.ts";
import type { FlvSink, FlvSource } from "./flv-source.ts";
import { GrowingSegments } from "./growing-segments.ts";
import { type AnswerSource, MAX_STREAMED, MIN_STREAMED, type SharedAnswer, type SharedText } from "./shared-answer.ts";
import type { AnswerMessage, FlvMessage, FlvNewsMessage, ToMain } from "./thread-messages.ts";

/** Versions of playlists remembered, so that one is compressed once though it answers several questions. */
const MAX_TEXTS = 256;

type Asked = { readonly request: OriginRequest; readonly answer: (answer: SharedAnswer) => void };
type Visit = { readonly tell: (news: FlvNews) => void; readonly counts: () => FlvCounts };

/** Asks the main thread. */
export class RemoteSource implements AnswerSource, FlvSource {
  readonly #playing = new Map<number, FlvSink>();
  readonly #asked = new Map<number, Asked>();
  readonly #growing = new GrowingSegments(this);
  readonly #texts = new Map<string, SharedText>();
  readonly #visits = new Map<number, Visit>();
  #next = 0;

  constructor(private readonly post: (message: ToMain) => void) {}

  request(request: OriginRequest, answer: (answer: SharedAnswer) => void): Cancel {
    const { stream, resource, query } = request;
    const id = this.#next++;
    this.#asked.set(id, { request, answer });
    this.post({ type: "ask", id, stream, resource, query });
    return () => {
      if (this.#asked.delete(id)) this.post({ type: "cancel", id });
    };
  }

  open(path: string, sink: FlvSink): Cancel {
    const id = this.#next++;
    this.#playing.set(id, sink);
    this.post({ type: "play", id, path });
    return () => {
      if (this.#playing.delete(id)) this.post({ type: "leave", id });
    };
  }

  enter(visit: FlvVisit, tell: (news: FlvNews) => void, counts: () => FlvCounts): (reason: string) => void {
    const id = this.#next++;
    this.#visits.set(id, { tell, counts });
    this.post({ type: "enter", id, visit });
    return (reason) => {
      if (this.#visits.delete(id)) this.post({ type: "left", id, reason, ...counts() });
    };
  }

  /** Tells what players of FLV were sent. To be called every few seconds. */
  count(): void {
    for (const [id, { counts }] of this.#visits) this.post({ type: "counted", id, ...counts() });
  }

  receive(message: AnswerMessage | FlvMessage | FlvNewsMessage): void {
    if (message.type === "news") {
      this.#visits.get(message.id)?.tell(message.news);
      return;
    }
    if (message.type === "flv") {
      this.#playing.get(message.id)?.(message.piece);
      return;
    }
    const asked = this.#asked.get(message.id);
    if (!asked) return;
    this.#asked.delete(message.id);
    const { request, answer } = asked;
    const read = this.#read(message, request);
    if (read.kind === "media" && isStreamed(read.body.blob)) {
      void read.body.blob.bytes().then((bytes) => answer({ ...read, body: { ...read.body, bytes } }));
    } else answer(read);
  }

  #read(message: AnswerMessage, request: OriginRequest): SharedAnswer {
    if (message.type === "error") return { ...message, kind: "error" };
    const { contentType, cacheControl, keepMs } = message;
    if (message.type === "growing") {
      return { kind: "growing", stream: () => this.#growing.stream(request), contentType, cacheControl, keepMs };
    }
    const { etag } = message;
    if (message.type === "text") {
      const text = this.#text(message.text, etag);
      return { kind: "text", status: message.status, text, contentType, cacheControl, keepMs };
    }
    const blob = resolveObjectURL(message.url) as Blob | undefined;
    // The main thread has forgotten it since: this thread is seconds behind.
    if (!blob) return { kind: "error", status: 503, reason: "too busy", cacheControl: "no-store", retryAfter: 1 };
    return { kind: "media", body: { blob, etag }, vary: message.vary, contentType, cacheControl, keepMs };
  }

  #text(text: string, etag: string): SharedText {
    let known = this.#texts.get(etag);
    if (!known) {
      known = { bytes: encoder.encode(text), etag };
      this.#texts.set(etag, known);
      for (const oldest of this.#texts.keys()) {
        if (this.#texts.size <= MAX_TEXTS) break;
        this.#texts.delete(oldest);
      }
    }
    return known;
  }
}

function isStreamed({ size }: Blob): boolean {
  return size >= MIN_STREAMED && size <= MAX_STREAMED;
}

const encoder = new TextEncoder();
