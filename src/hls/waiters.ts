import type { Millis } from "../media/time.ts";
import type { AnswerCallback, Cancel, OriginAnswer } from "./answer.ts";

export type Waiter = {
  /** When it has waited long enough. */
  readonly deadline: Millis;
  /** The answer, once there is one. */
  readonly poll: (now: Millis) => OriginAnswer | undefined;
  /** What it gets at the deadline. */
  readonly late: () => OriginAnswer;
  readonly answer: AnswerCallback;
};

/** Requests of one stream that wait for media. Each is answered once. */
export class Waiters {
  readonly #limit: number;
  readonly #onFault: (error: unknown) => void;
  #waiting = new Set<Waiter>();
  #deadline = Number.POSITIVE_INFINITY;

  /** @param onFault an answer callback has thrown; the stream and the other viewers go on */
  constructor(limit: number, onFault: (error: unknown) => void) {
    this.#limit = limit;
    this.#onFault = onFault;
  }

  get size(): number {
    return this.#waiting.size;
  }

  get isFull(): boolean {
    return this.#waiting.size >= this.#limit;
  }

  /** The earliest deadline; may be too early when its waiter was answered or cancelled meanwhile. */
  get deadline(): Millis | undefined {
    return this.#waiting.size > 0 ? this.#deadline : undefined;
  }

  add(waiter: Waiter): Cancel {
    this.#waiting.add(waiter);
    this.#deadline = Math.min(this.#deadline, waiter.deadline);
    return () => {
      this.#waiting.delete(waiter);
    };
  }

  /** Answers all whose time has come: by what they waited for, or by the clock. */
  settle(now: Millis): void {
    if (this.#waiting.size === 0) {
      this.#deadline = Number.POSITIVE_INFINITY;
      return;
    }
    let earliest = Number.POSITIVE_INFINITY;
    const answered: [Waiter, OriginAnswer][] = [];
    for (const waiter of this.#waiting) {
      const answer = waiter.poll(now) ?? (now >= waiter.deadline ? waiter.late() : undefined);
      if (answer) answered.push([waiter, answer]);
      else earliest = Math.min(earliest, waiter.deadline);
    }
    this.#deadline = earliest;
    for (const [waiter, answer] of answered) {
      // One that was answered before it may have cancelled it.
      if (!this.#waiting.delete(waiter)) continue;
      this.call(waiter.answer, answer);
    }
  }

  /** Answers all at once. */
  dismiss(answer: OriginAnswer): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const waiter of waiting) this.call(waiter.answer, answer);
  }

  call(callback: AnswerCallback, answer: OriginAnswer): void {
    try {
      callback(answer);
    } catch (error) {
      this.#onFault(error);
    }
  }
}
