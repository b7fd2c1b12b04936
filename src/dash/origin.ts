import type { AnswerCallback, Cancel, OriginAnswer, OriginRequest } from "../hls/answer.ts";
import { notFound, playlistAnswer, unavailable } from "../hls/answer.ts";
import { EPOCH, MULTIVARIANT } from "../hls/names.ts";
import type { HlsOrigin } from "../hls/origin.ts";
import type { HlsOutput } from "../hls/output.ts";
import type { Millis } from "../media/time.ts";
import type { DashConfig } from "./config.ts";
import { DashManifest, servedNames } from "./manifest.ts";
import { parseTimed } from "./segment-names.ts";

/** Name of the manifest below a stream. */
export const MANIFEST = "index.mpd";
/** Before the names of media that are made for DASH alone. */
const OWN_PREFIX = "dash-";

export type DashOriginOptions = {
  /** Streams as HLS has them, whose segments DASH takes where it can. */
  readonly hls: HlsOrigin;
  /** Streams whose segments are made for DASH alone. */
  readonly own: HlsOrigin;
  /** Settings of a stream's application; undefined where there is no DASH. */
  readonly config: (path: string) => DashConfig | undefined;
  /** Of now. */
  readonly wallclock: () => Millis;
};

const TYPE = "application/dash+xml";
const encoder = new TextEncoder();

/** Answers for manifests and the media that is only theirs; everything else is the HLS origin's. */
export class DashOrigin {
  readonly #options: DashOriginOptions;
  readonly #manifests = new WeakMap<HlsOutput, DashManifest>();

  constructor(options: DashOriginOptions) {
    this.#options = options;
  }

  request(request: OriginRequest, now: Millis, answer: AnswerCallback): Cancel | undefined {
    const { hls, own } = this.#options;
    const { stream, resource } = request;
    if (resource === MANIFEST) return this.#manifest(stream, now, answer);
    const isOwn = resource.startsWith(OWN_PREFIX);
    const asked = isOwn ? own : hls;
    const name = isOwn ? resource.slice(OWN_PREFIX.length) : resource;
    const output = parseTimed(name) && asked.get(stream);
    const numbered = output && this.#manifests.get(output)?.resolve(name);
    return asked.request({ ...request, resource: numbered ?? name }, now, answer);
  }

  /** Looks at what has come to all streams; a few times a second. */
  tick(now: Millis): void {
    const { own } = this.#options;
    own.tick(now);
    for (const output of this.outputs()) {
      this.#manifestOf(output, own.get(output.path) === output ? OWN_PREFIX : "")?.update(
        output,
        this.#options.wallclock(),
      );
    }
  }

  /** Those that have a manifest. */
  outputs(): HlsOutput[] {
    const { hls, own } = this.#options;
    const shared = [...hls.outputs].filter(({ path }) => !own.get(path));
    return [...own.outputs, ...shared].filter((output) => this.#isPresented(output));
  }

  #isPresented({ path, separatesAudio }: HlsOutput): boolean {
    return separatesAudio && this.#options.config(path) !== undefined;
  }

  #manifest(path: string, now: Millis, answer: AnswerCallback): Cancel | undefined {
    const { hls, own, config, wallclock } = this.#options;
    if (!config(path)) {
      answer(notFound("this application has no DASH"));
      return undefined;
    }
    hls.get(path)?.wantAllRungs(now);
    const asked = own.get(path) ? own : hls;
    const prefix = asked === own ? OWN_PREFIX : "";
    // Waits until every player can start.
    return asked.request({ stream: path, resource: MULTIVARIANT, query: "" }, now, (given) => {
      const output = asked.get(path);
      if (given.status !== 200) answer(given);
      else if (!output || !this.#isPresented(output)) answer(notFound("this stream began before DASH was turned on"));
      else answer(this.#format(output, prefix, wallclock()));
    });
  }

  #format(output: HlsOutput, prefix: string, wallclock: Millis): OriginAnswer {
    const manifest = this.#manifestOf(output, prefix);
    const text = manifest?.format(output, wallclock);
    if (!manifest || text === undefined) return unavailable("the stream is starting", 1);
    const answer = playlistAnswer({ kind: "playlist", bytes: encoder.encode(text) }, manifest.maxAge(output));
    return { ...answer, contentType: TYPE };
  }

  #manifestOf(output: HlsOutput, prefix: string): DashManifest | undefined {
    const found = this.#manifests.get(output);
    if (found) return found;
    const config = this.#options.config(output.path);
    if (!config) return undefined;
    const { windowMs } = output;
    const names = servedNames(prefix, config.lowLatency && output.isLowLatency);
    const manifest = new DashManifest({ epoch: EPOCH, windowMs, names });
    this.#manifests.set(output, manifest);
    return manifest;
  }
}
