import type { Millis } from "../media/time.ts";
import { type AnswerCallback, type Cancel, notFound, type OriginRequest, unavailable } from "./answer.ts";
import { parseResource } from "./names.ts";
import type { HlsOutput } from "./output.ts";
import { groupPlaylist } from "./stream-group.ts";
import { START_PATIENCE } from "./viewer-requests.ts";

export type HlsOriginOptions = {
  /** An ended output was kept long enough and is gone. */
  readonly onRemoved?: (output: HlsOutput) => void;
  /**
   * Whether a stream that is unknown may be about to come, as all may while the server has only just started: its playlists
   * are waited for, and a 503 instead of a 404 makes players try again.
   */
  readonly expects?: (path: string, now: Millis) => boolean;
  /** Somebody asks for a stream, whether it is there or not. */
  readonly onRequest?: (path: string, now: Millis) => void;
  /** What is added to a path's name in those of its variants, where streams of several names may be one in several qualities. */
  readonly suffixesOf?: (path: string) => readonly string[];
  /** Whether a stream is not to be had here, as it is only served encrypted. */
  readonly isHidden?: (path: string) => boolean;
  /** A fault of ours in one stream; the others go on. */
  readonly onFault?: (path: string, error: unknown) => void;
};

/** A request for a playlist of a stream that is not there yet. */
type Expectation = {
  readonly request: OriginRequest;
  readonly since: Millis;
  readonly answer: AnswerCallback;
  /** Once the stream is there and the request waits for it. */
  cancel: Cancel | undefined;
};

/** Requests for streams that are not there yet, all together. */
const MAX_EXPECTATIONS = 20_000;

/** Answers viewers' requests for all streams. The caller arms one timer from `deadline` and calls `tick`. */
export class HlsOrigin {
  readonly #outputs = new Map<string, HlsOutput>();
  readonly #options: HlsOriginOptions;
  /** In the order in which they came, and so of their deadlines. */
  readonly #expectations = new Set<Expectation>();

  constructor(options: HlsOriginOptions = {}) {
    this.#options = options;
  }

  get outputs(): Iterable<HlsOutput> {
    return this.#outputs.values();
  }

  get(path: string): HlsOutput | undefined {
    return this.#outputs.get(path);
  }

  /** Takes the place of an output of the same path; who waited for the stream now waits for its playlist. */
  add(output: HlsOutput): void {
    this.#outputs.get(output.path)?.close();
    this.#outputs.set(output.path, output);
    for (const expectation of this.#expectations) {
      const { request, since, answer } = expectation;
      const { stream } = request;
      if (stream !== output.path && !this.#suffixesOf(stream).some((suffix) => stream + suffix === output.path))
        continue;
      this.#expectations.delete(expectation);
      expectation.cancel = this.request(request, since, answer);
    }
  }

  remove(path: string): void {
    const output = this.#outputs.get(path);
    if (!output) return;
    this.#outputs.delete(path);
    output.close();
  }

  /** A stream that nobody publishes is a 404 at once, unless it is expected. */
  request(request: OriginRequest, now: Millis, answer: AnswerCallback): Cancel | undefined {
    const { stream, resource } = request;
    if (this.#options.isHidden?.(stream)) {
      answer(notFound("this stream is encrypted, and served from its directory only"));
      return undefined;
    }
    this.#options.onRequest?.(stream, now);
    const type = parseResource(resource)?.type;
    const group = type === "multivariant" ? this.#groupOf(stream) : [];
    if (group.length > 0) return this.#requestGroup(request, group, now, answer);
    const output = this.#outputs.get(stream);
    if (output) return output.request(resource, request.query, now, answer);
    if ((type === "multivariant" || type === "playlist") && this.#isExpected(stream, now))
      return this.#expect(request, now, answer);
    answer(notFound("nobody publishes this stream"));
    return undefined;
  }

  /** When `tick` has something to do; may be early, and moves when requests and media come in. */
  get deadline(): Millis | undefined {
    const [first] = this.#expectations;
    let earliest = first && first.since + START_PATIENCE;
    for (const output of this.#outputs.values()) {
      const { deadline } = output;
      if (deadline !== undefined && (earliest === undefined || deadline < earliest)) earliest = deadline;
    }
    return earliest;
  }

  tick(now: Millis): void {
    for (const expectation of this.#expectations) {
      if (now < expectation.since + START_PATIENCE) break;
      this.#expectations.delete(expectation);
      expectation.answer(unavailable("nobody publishes this stream yet", 1));
    }
    for (const output of this.#outputs.values()) {
      const { deadline } = output;
      if (deadline === undefined || now < deadline) continue;
      this.#tickOne(output, now);
      if (!output.isRemovable(now)) continue;
      this.remove(output.path);
      this.#options.onRemoved?.(output);
    }
  }

  #suffixesOf(path: string): readonly string[] {
    return this.#options.suffixesOf?.(path) ?? [];
  }

  #isExpected(path: string, now: Millis): boolean {
    const { expects } = this.#options;
    return expects !== undefined && ["", ...this.#suffixesOf(path)].some((suffix) => expects(path + suffix, now));
  }

  /** The variants of a path that are there, and a stream of the path itself where there are any. */
  #groupOf(path: string): HlsOutput[] {
    const suffixes = this.#suffixesOf(path);
    if (!suffixes.some((suffix) => this.#isLive(path + suffix))) return [];
    return ["", ...suffixes].flatMap((suffix) =>
      this.#isLive(path + suffix) ? (this.#outputs.get(path + suffix) ?? []) : [],
    );
  }

  #isLive(path: string): boolean {
    const output = this.#outputs.get(path);
    return output !== undefined && output.state !== "ended";
  }

  /** Waits for one of them; the others are in the playlist if they have media by then. */
  #requestGroup(
    { stream, resource, query }: OriginRequest,
    group: readonly HlsOutput[],
    now: Millis,
    answer: AnswerCallback,
  ): Cancel | undefined {
    const first = group.find(({ isPlayable }) => isPlayable) ?? group[0];
    return first?.request(resource, query, now, (given) => {
      const playable = this.#groupOf(stream).filter(({ isPlayable }) => isPlayable);
      const isListed = given.status === 200 && playable.length > 0;
      answer(isListed ? { ...given, body: groupPlaylist(stream, playable) } : given);
    });
  }

  #tickOne(output: HlsOutput, now: Millis): void {
    try {
      output.tick(now);
    } catch (error) {
      this.#options.onFault?.(output.path, error);
    }
  }

  #expect(request: OriginRequest, now: Millis, answer: AnswerCallback): Cancel | undefined {
    if (this.#expectations.size >= MAX_EXPECTATIONS) {
      answer(unavailable("too many viewers are waiting", 1));
      return undefined;
    }
    const expectation: Expectation = { request, since: now, answer, cancel: undefined };
    this.#expectations.add(expectation);
    return () => {
      this.#expectations.delete(expectation);
      expectation.cancel?.();
    };
  }
}
