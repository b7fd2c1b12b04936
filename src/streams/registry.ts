import type { Millis } from "../media/time.ts";
import { type Ingest, type Publisher, PublishRefusedError, type PublishRequest } from "./publish.ts";
import { type SinkFailure, Stream } from "./stream.ts";
import { applicationOf, invalidStreamPath } from "./stream-path.ts";

/** How the streams of an application behave. */
export type StreamPolicy = {
  readonly live: boolean;
  readonly secondPublisher: "refuse" | "replace";
  /** How long a stream waits for a publisher that went away before it ends. */
  readonly graceMs: Millis;
};

export type RegistryOptions = {
  /** The policy of an application, or undefined when there is none of that name. */
  readonly policy: (application: string) => StreamPolicy | undefined;
  readonly maxStreams: number;
  /** A stream has come to be, before its first event: outputs attach here. */
  readonly onStream: (stream: Stream, now: Millis) => void;
  /** A stream has ended and is forgotten. */
  readonly onRemoved: (stream: Stream, now: Millis) => void;
  readonly onSinkFailure: SinkFailure;
};

/** All streams by path. */
export class StreamRegistry implements Ingest {
  readonly #streams = new Map<string, Stream>();

  constructor(private readonly options: RegistryOptions) {}

  get(path: string): Stream | undefined {
    return this.#streams.get(path);
  }

  list(): Stream[] {
    return [...this.#streams.values()];
  }

  publish(request: PublishRequest, now: Millis): Publisher {
    const problem = invalidStreamPath(request.path);
    if (problem) throw new PublishRefusedError("bad-path", problem);
    const application = applicationOf(request.path);
    const policy = this.options.policy(application);
    if (!policy) throw new PublishRefusedError("unknown-application", `there is no application "${application}"`);
    if (!policy.live)
      throw new PublishRefusedError("not-live", `application "${application}" does not take live streams`);

    let stream = this.#streams.get(request.path);
    if (stream?.state === "live" && policy.secondPublisher === "refuse") {
      throw new PublishRefusedError("already-publishing", `"${request.path}" is already being published`);
    }
    if (!stream) {
      if (this.#streams.size >= this.options.maxStreams) {
        throw new PublishRefusedError("limit-reached", `the server already carries ${this.options.maxStreams} streams`);
      }
      stream = new Stream(request.path, now, this.options.onSinkFailure);
      this.#streams.set(request.path, stream);
      this.options.onStream(stream, now);
    }
    return stream.publish(request, now);
  }

  /** When `tick` must be called next; undefined while no stream waits for its publisher. */
  get deadline(): Millis | undefined {
    let deadline: Millis | undefined;
    for (const stream of this.#streams.values()) {
      if (stream.vacantSince === undefined) continue;
      const at = stream.vacantSince + this.#graceOf(stream);
      if (deadline === undefined || at < deadline) deadline = at;
    }
    return deadline;
  }

  /** Ends the streams whose publisher has not come back in time. */
  tick(now: Millis): void {
    for (const stream of this.#streams.values()) {
      if (stream.vacantSince !== undefined && now >= stream.vacantSince + this.#graceOf(stream))
        this.#remove(stream, now);
    }
  }

  /** Ends every stream. */
  close(now: Millis): void {
    for (const stream of this.#streams.values()) this.#remove(stream, now);
  }

  #graceOf(stream: Stream): Millis {
    return this.options.policy(applicationOf(stream.path))?.graceMs ?? 0;
  }

  #remove(stream: Stream, now: Millis): void {
    this.#streams.delete(stream.path);
    stream.end(now);
    this.options.onRemoved(stream, now);
  }
}
