import type { Millis } from "../media/time.ts";
import type { BackupConfig } from "./config.ts";
import { type Ingest, type Publisher, PublishRefusedError, type PublishRequest } from "./publish.ts";
import type { SourceRole } from "./source.ts";
import { type SinkFailure, type SourceChange, Stream } from "./stream.ts";
import { applicationOf, invalidStreamPath } from "./stream-path.ts";

/** How the streams of an application behave. */
export type StreamPolicy = {
  readonly live: boolean;
  readonly secondPublisher: "refuse" | "replace";
  /** How long a stream waits for a publisher that went away before it ends. */
  readonly graceMs: Millis;
  readonly backup: BackupConfig;
};

export type RegistryOptions = {
  /** The policy of an application, or undefined when there is none of that name. */
  readonly policy: (application: string) => StreamPolicy | undefined;
  readonly maxStreams: number;
  /** Why a stream that was relayed by these servers may not come here; undefined when it may. */
  readonly objection?: (path: string, via: readonly string[]) => string | undefined;
  /** A stream has come to be, before its first event: outputs attach here. */
  readonly onStream: (stream: Stream, now: Millis) => void;
  /** A stream has ended and is forgotten. */
  readonly onRemoved: (stream: Stream, now: Millis) => void;
  readonly onSinkFailure: SinkFailure;
  readonly onSourceChange?: (stream: Stream, change: SourceChange) => void;
  /** A mistake of our own in what is done with one stream now and then; the others go on. Without it, it is thrown. */
  readonly onFault?: (stream: Stream, error: unknown) => void;
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

    const { path, role } = targetOf(request, policy.backup);
    const objection = request.via && this.options.objection?.(path, request.via);
    if (objection !== undefined) throw new PublishRefusedError("relay-loop", objection);
    const wrong = role === "backup" && invalidStreamPath(path);
    if (wrong) throw new PublishRefusedError("bad-path", wrong);
    if (role === "backup" && !policy.backup.enabled)
      throw new PublishRefusedError("no-backup", `application "${application}" takes no backup encoders`);

    const stream = this.#streams.get(path);
    if (stream?.isTaken(role, now) && policy.secondPublisher === "refuse") {
      const what = role === "backup" ? "already has a backup encoder" : "is already being published";
      throw new PublishRefusedError("already-publishing", `"${path}" ${what}`);
    }
    return (stream ?? this.#create(path, policy.backup, now)).publish(request, now, role);
  }

  /** A stream of an earlier process, whose encoder may come back. */
  restore(path: string, now: Millis): void {
    const policy = this.options.policy(applicationOf(path));
    if (policy && !this.#streams.has(path)) this.#create(path, policy.backup, now).awaitEncoder(now);
  }

  /** When `tick` must be called next; undefined while no stream waits for its publisher. */
  get deadline(): Millis | undefined {
    let deadline: Millis | undefined;
    for (const stream of this.#streams.values()) {
      const at = this.endsAt(stream);
      if (at !== undefined && (deadline === undefined || at < deadline)) deadline = at;
    }
    return deadline;
  }

  /** Notices encoders that fell silent; ends the streams whose encoder has not come back in time. */
  tick(now: Millis): void {
    for (const stream of this.#streams.values()) {
      try {
        stream.tick(now);
        const end = this.endsAt(stream);
        if (end !== undefined && now >= end) this.#remove(stream, now);
      } catch (error) {
        if (!this.options.onFault) throw error;
        this.options.onFault(stream, error);
      }
    }
  }

  /** When a stream ends if no encoder comes; undefined while one is connected. */
  endsAt(stream: Stream): Millis | undefined {
    return stream.vacantSince === undefined ? undefined : stream.vacantSince + this.#graceOf(stream);
  }

  /** Ends every stream. */
  close(now: Millis): void {
    for (const stream of this.#streams.values()) this.#remove(stream, now);
  }

  #create(path: string, configured: BackupConfig, now: Millis): Stream {
    const { maxStreams, onStream, onSinkFailure, onSourceChange, policy } = this.options;
    if (this.#streams.size >= maxStreams) {
      throw new PublishRefusedError("limit-reached", `the server already carries ${maxStreams} streams`);
    }
    // Its application may be taken out of the configuration while it is live.
    const backup = () => policy(applicationOf(path))?.backup ?? configured;
    const stream = new Stream(path, now, { backup, onSinkFailure, onSourceChange });
    this.#streams.set(path, stream);
    onStream(stream, now);
    return stream;
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

/** Which encoder of which stream this is: a backup has `backup=1` in its query, as YouTube's has, or the suffix in its key. */
function targetOf(request: PublishRequest, { enabled, suffix }: BackupConfig): { path: string; role: SourceRole } {
  const { path, query } = request;
  if (enabled && suffix !== undefined && path.endsWith(suffix) && !path.endsWith(`/${suffix}`)) {
    return { path: path.slice(0, -suffix.length), role: "backup" };
  }
  const isBackup = /(?:^|&)backup(?:=(?:1|true|yes)?)?(?:&|$)/.test(query);
  return { path, role: isBackup ? "backup" : "primary" };
}
