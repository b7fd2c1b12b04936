import { HlsDirectory } from "../gateways/files/hls-directory.ts";
import type { HlsConfig } from "../hls/config.ts";
import { firstMsnAt, msnAfter, type PathNumbers } from "../hls/names.ts";
import type { HlsOrigin } from "../hls/origin.ts";
import { HlsOutput, type HlsOutputOptions } from "../hls/output.ts";
import type { AnnouncedTargets } from "../hls/targets.ts";
import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import type { Stream } from "../streams/stream.ts";
import type { MediaMemory } from "./media-memory.ts";
import { type RememberedStream, remember } from "./stream-memory.ts";

/** Gives streams their HLS output: an answer at their URL and, where configured, files in a directory. */
export class HlsModule {
  /** One per directory and settings: several applications may share one. */
  readonly #directories = new Map<string, HlsDirectory>();
  readonly #configs = new WeakMap<HlsOutput, HlsConfig>();

  constructor(
    private readonly options: {
      readonly origin: HlsOrigin;
      readonly log: Log;
      readonly wallclockAt: (now: Millis) => Millis;
      /** What players of a path were told before a restart of the server. */
      readonly announcedBefore: (path: string, config: HlsConfig) => AnnouncedTargets | undefined;
      /** Where the numbers of a path were then. */
      readonly numbersBefore: (path: string) => PathNumbers | undefined;
      /** Keeps the latest media over a restart, and has that of before. */
      readonly media: MediaMemory | undefined;
    },
  ) {}

  /** Opens the directories of the configuration, so that old files are removed though nobody publishes. */
  start(configs: Iterable<HlsConfig>): void {
    for (const config of configs) if (config.enabled) this.#directory(config);
  }

  /** What a restarted server would have to know of a stream; undefined when it has no HLS. */
  remembered(path: string): RememberedStream | undefined {
    const output = this.options.origin.get(path);
    const config = output && this.#configs.get(output);
    if (!config) return undefined;
    const { nextMsn, nextDiscontinuity, numberedAt } = output;
    return remember(config, output.announced, { nextMsn, nextDiscontinuity, at: numberedAt });
  }

  /** @param rungs told of requests for renditions that others make of the stream; none do when left out */
  attach(stream: Stream, config: HlsConfig, now: Millis, rungs?: Pick<HlsOutputOptions, "onRungWanted">): HlsOutput {
    const { origin, log, wallclockAt, announcedBefore, numbersBefore, media } = this.options;
    const wallclock = wallclockAt(now);
    const { path } = stream;
    const files = this.#directory(config)?.open(path.slice(path.indexOf("/") + 1));
    const numbers = origin.get(path) ? undefined : numbersBefore(path);
    const memory = media?.resume(path);
    const output = new HlsOutput({
      path,
      config,
      firstMsn: numbers ? msnAfter(numbers, config.segment, wallclock) : firstMsnAt(wallclock),
      // Times go on, so that there is no discontinuity; hls.js goes on only at the number that it was at.
      firstDiscontinuity: numbers && numbers.nextDiscontinuity - 1,
      after: origin.get(path),
      announced: announcedBefore(path, config),
      resume: memory && { memory, now },
      recorder: media?.open(path, config).record,
      isFollowed: rungs !== undefined,
      onRungWanted: rungs?.onRungWanted,
      wallclockAt,
      onRendition: files?.write,
      onTrackLeftOut: (track, reason) =>
        log.warn("HLS leaves out a track", {
          path,
          track: track.id,
          codec: track.kind === "data" ? "data" : track.config.codec,
          reason,
        }),
      onFault: (error) => log.error("answering an HLS request failed", { path, error: String(error) }),
    });
    this.#configs.set(output, config);
    origin.add(output);
    stream.attach(output.write, now);
    return output;
  }

  /** Writes out what waits for the disk. */
  async close(): Promise<void> {
    await Promise.all([...this.#directories.values()].map((directory) => directory.close()));
  }

  #directory(config: HlsConfig): HlsDirectory | undefined {
    if (config.path === undefined || config.format !== "mpegts") return undefined;
    const { segment, window, continuous, nested, baseUrl, cleanup, variants, naming, namingGranularity, event, keys } =
      config;
    const files = { directory: config.path, continuous, nested, baseUrl, naming, namingGranularity, event };
    const options = { ...files, keys, segment, window, cleanup, variants };
    const key = JSON.stringify(options);
    let directory = this.#directories.get(key);
    if (!directory) {
      directory = new HlsDirectory(options, this.options.log);
      this.#directories.set(key, directory);
      directory.start();
    }
    return directory;
  }
}
