import type { OriginRequest } from "../../hls/answer.ts";
import type { Millis } from "../../media/time.ts";
import { type PreparedAnswer, prepareAnswer } from "./prepared-answer.ts";
import type { AnswerSource, Peer, SharedAnswer } from "./shared-answer.ts";
import { WaitingRequest, type WaitingRoom } from "./waiting-room.ts";

/** What nobody has asked for in this time is forgotten. */
const FORGET_MS = 5_000;
/** Media kept, all together; a live edge of 50 streams at 3 Mbit/s needs about this much. */
const MAX_BYTES = 32 * 1024 ** 2;
/** Questions known at a time; a stream that is watched has about twenty. */
const MAX_QUESTIONS = 10_000;
/** Of those, looked at when there are too many: most may be waiting. */
const MAX_LOOKED_AT = 64;
/** Longer than the origin holds any request, as long as Bun can count. */
const HELD_SECONDS = 240;
/** Requests answered in one go before the sockets, and encoders, have their turn again. */
const SLICE = 256;

/** What viewers ask in the same words, and the answer while it may be given again. */
export class Question {
  answer: PreparedAnswer | undefined;
  answeredAt: Millis = Number.NEGATIVE_INFINITY;
  keepMs: Millis = 0;
  used: Millis = 0;
  /** Requests that wait for the answer; undefined while nobody asks. */
  asking: Asking | undefined;
  /** Nobody has asked for a while: no longer to be found, and not to be used. */
  forgotten = false;
  /** Whether it is asked by blocking reload (RFC 8216bis 6.2.5.2). */
  readonly blocking: boolean;

  constructor(
    readonly stream: Stream,
    readonly name: string,
    readonly request: OriginRequest,
  ) {
    this.blocking = request.query.includes("_HLS_msn");
  }

  /** The answer, while it may be given to a request of now. */
  valid(now: Millis): PreparedAnswer | undefined {
    if (now - this.answeredAt >= this.keepMs) return undefined;
    // Nobody who has seen a newer playlist may see an older one.
    return this.blocking || this.answeredAt >= this.stream.changedAt || this.answer?.bytes ? this.answer : undefined;
  }
}

/** The questions about one stream. */
type Stream = { readonly questions: Map<string, Question>; changedAt: Millis };

/** A question on its way, and who waits for the answer. */
class Asking {
  readonly waiting = new Set<WaitingRequest>();
  answer: PreparedAnswer | undefined;
  cancel: (() => void) | undefined;
}

export type CollapsedRequestsOptions = {
  readonly source: AnswerSource;
  readonly room: WaitingRoom;
  /** After which a connection on which nothing moves is dropped; those that are held have longer. */
  readonly idleSeconds: number;
  /** Headers on every answer. */
  readonly base: Readonly<Record<string, string>>;
  readonly now: () => Millis;
  /** The answer when making one has failed. */
  readonly failed: (error: unknown) => Response;
};

/**
 * Asks the source once for what any number of viewers ask at the same time, and keeps the answer for those who come a moment
 * later: ten thousand blocked reloads are one question.
 */
export class CollapsedRequests {
  readonly #streams = new Map<string, Stream>();
  /** In the order of use, roughly: the least recent comes first. */
  readonly #questions = new Set<Question>();
  #bytes = 0;

  constructor(private readonly options: CollapsedRequestsOptions) {}

  /** Media bytes kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The question that a request asks; `query` as it came, of which only the delivery directives count. */
  question(path: string, resource: string, query: string): Question {
    let stream = this.#streams.get(path);
    if (!stream) this.#streams.set(path, (stream = { questions: new Map(), changedAt: Number.NEGATIVE_INFINITY }));
    const directives = directivesOf(query);
    const name = directives === "" ? resource : `${resource}?${directives}`;
    let question = stream.questions.get(name);
    if (!question) {
      question = new Question(stream, name, { stream: path, resource, query: directives });
      stream.questions.set(name, question);
      this.#questions.add(question);
      this.#evict();
    }
    return question;
  }

  /** @param seen called when the request is answered with what it asks for */
  respond(
    question: Question,
    request: Request,
    peer: Peer,
    seen: (() => void) | undefined,
  ): Response | Promise<Response> {
    const now = this.options.now();
    if (now - question.used > 1_000) this.#use(question, now);
    const valid = question.valid(now);
    if (valid) {
      if (seen && valid.status === 200) seen();
      return valid.respond(request);
    }
    const asking = question.asking ?? this.#ask(question);
    if (asking.answer) return asking.answer.respond(request);
    return this.#wait(question, asking, request, peer, seen);
  }

  /** Forgets what nobody has asked for lately; to be called now and then. */
  sweep(now: Millis): void {
    for (const question of this.#questions) {
      if (now - question.used <= FORGET_MS) continue;
      if (!question.asking) this.#forget(question);
    }
  }

  #ask(question: Question): Asking {
    const asking = new Asking();
    question.asking = asking;
    asking.cancel = this.options.source.request(question.request, (answer) => this.#answered(question, asking, answer));
    return asking;
  }

  #answered(question: Question, asking: Asking, answer: SharedAnswer): void {
    const prepared = prepareAnswer(answer, this.options.base);
    const now = this.options.now();
    asking.answer = prepared;
    question.asking = undefined;
    if (prepared.status === 200 && answer.kind !== "error") {
      question.keepMs = answer.keepMs;
      this.#bytes += prepared.bytes - (question.answer?.bytes ?? 0);
      question.answer = prepared;
      question.answeredAt = now;
      question.used = now;
      if (question.blocking) question.stream.changedAt = now;
      this.#evict();
    } else this.#forget(question);
    this.#settle(asking.waiting.values(), prepared);
  }

  /** Answers in slices, so that ten thousand viewers do not hold up the encoders' sockets. */
  #settle(waiting: IterableIterator<WaitingRequest>, answer: PreparedAnswer): void {
    for (let n = 0; n < SLICE; n++) {
      const { value, done } = waiting.next();
      if (done) {
        answer.settled();
        return;
      }
      value.answer(answer, this.options.failed);
    }
    setImmediate(() => this.#settle(waiting, answer));
  }

  #wait(
    question: Question,
    asking: Asking,
    request: Request,
    peer: Peer,
    seen: (() => void) | undefined,
  ): Response | Promise<Response> {
    const { room, idleSeconds } = this.options;
    const address = room.isCrowded ? peer.requestIP(request)?.address : undefined;
    const refusal = room.enter(address);
    if (refusal) {
      this.#withdraw(question, asking);
      return prepareAnswer(refusal, this.options.base).respond(request);
    }
    peer.timeout(request, HELD_SECONDS);
    return new Promise((resolve) => {
      const leave = () => {
        asking.waiting.delete(waiting);
        room.leave(address);
        peer.timeout(request, idleSeconds);
        this.#withdraw(question, asking);
      };
      const waiting = new WaitingRequest(request, resolve, leave, seen);
      asking.waiting.add(waiting);
      waiting.watch();
    });
  }

  /** Nobody waits for the answer any more. */
  #withdraw(question: Question, asking: Asking): void {
    if (asking.waiting.size > 0 || asking.answer) return;
    asking.cancel?.();
    if (question.asking === asking) question.asking = undefined;
  }

  #use(question: Question, now: Millis): void {
    question.used = now;
    if (this.#questions.delete(question)) this.#questions.add(question);
  }

  #evict(): void {
    let looked = 0;
    for (const question of this.#questions) {
      if ((this.#bytes <= MAX_BYTES && this.#questions.size <= MAX_QUESTIONS) || ++looked > MAX_LOOKED_AT) return;
      if (!question.asking) this.#forget(question);
      else if (this.#questions.delete(question)) this.#questions.add(question);
    }
  }

  #forget(question: Question): void {
    if (question.forgotten) return;
    question.forgotten = true;
    this.#questions.delete(question);
    this.#bytes -= question.answer?.bytes ?? 0;
    question.answer = undefined;
    const { stream, name, request } = question;
    stream.questions.delete(name);
    if (stream.questions.size === 0) this.#streams.delete(request.stream);
  }
}

/** What the origin looks at: a viewer's own parameters, such as a session's, must not make a question of their own. */
function directivesOf(query: string): string {
  if (!query.includes("_HLS_")) return "";
  if (!query.includes("&")) return query;
  return query
    .split("&")
    .filter((pair) => pair.startsWith("_HLS_"))
    .join("&");
}
