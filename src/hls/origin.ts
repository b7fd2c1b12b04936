import type { Millis } from "../media/time.ts";
import { type AnswerCallback, type Cancel, notFound, type OriginRequest } from "./answer.ts";
import type { HlsOutput } from "./output.ts";

/** Answers viewers' requests for all streams. The caller arms one timer from `deadline` and calls `tick`. */
export class HlsOrigin {
  readonly #outputs = new Map<string, HlsOutput>();
  readonly #onRemoved: ((output: HlsOutput) => void) | undefined;

  /** @param onRemoved an ended output was kept long enough and is gone */
  constructor(onRemoved?: (output: HlsOutput) => void) {
    this.#onRemoved = onRemoved;
  }

  get outputs(): Iterable<HlsOutput> {
    return this.#outputs.values();
  }

  get(path: string): HlsOutput | undefined {
    return this.#outputs.get(path);
  }

  /** Takes the place of an output of the same path. */
  add(output: HlsOutput): void {
    this.#outputs.get(output.path)?.close();
    this.#outputs.set(output.path, output);
  }

  remove(path: string): void {
    const output = this.#outputs.get(path);
    if (!output) return;
    this.#outputs.delete(path);
    output.close();
  }

  /** A stream that nobody publishes is a 404 at once. */
  request(request: OriginRequest, now: Millis, answer: AnswerCallback): Cancel | undefined {
    const output = this.#outputs.get(request.stream);
    if (output) return output.request(request.resource, request.query, now, answer);
    answer(notFound("nobody publishes this stream"));
    return undefined;
  }

  /** When `tick` has something to do; may be early, and moves when requests and media come in. */
  get deadline(): Millis | undefined {
    let earliest: Millis | undefined;
    for (const output of this.#outputs.values()) {
      const { deadline } = output;
      if (deadline !== undefined && (earliest === undefined || deadline < earliest)) earliest = deadline;
    }
    return earliest;
  }

  tick(now: Millis): void {
    for (const output of this.#outputs.values()) {
      const { deadline } = output;
      if (deadline === undefined || now < deadline) continue;
      output.tick(now);
      if (!output.isRemovable(now)) continue;
      this.remove(output.path);
      this.#onRemoved?.(output);
    }
  }
}
