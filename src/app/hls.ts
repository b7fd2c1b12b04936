import type { HlsConfig } from "../hls/config.ts";
import { firstMsnAt } from "../hls/names.ts";
import type { HlsOrigin } from "../hls/origin.ts";
import { HlsOutput } from "../hls/output.ts";
import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import type { Stream } from "../streams/stream.ts";

/** Gives streams their HLS output. */
export class HlsModule {
  constructor(
    private readonly options: {
      readonly origin: HlsOrigin;
      readonly log: Log;
      readonly wallclockAt: (now: Millis) => Millis;
    },
  ) {}

  attach(stream: Stream, config: HlsConfig, now: Millis): void {
    const { origin, log, wallclockAt } = this.options;
    const { path } = stream;
    const output = new HlsOutput({
      path,
      config,
      firstMsn: firstMsnAt(wallclockAt(now)),
      wallclockAt,
      onTrackLeftOut: (track, reason) =>
        log.warn("HLS leaves out a track", {
          path,
          track: track.id,
          codec: track.kind === "data" ? "data" : track.config.codec,
          reason,
        }),
      onFault: (error) => log.error("answering an HLS request failed", { path, error: String(error) }),
    });
    origin.add(output);
    stream.attach(output.write, now);
  }

  async close(): Promise<void> {}
}
