import type { ApplicationConfig } from "../config/application.ts";
import { DashOrigin } from "../dash/origin.ts";
import type { HlsConfig } from "../hls/config.ts";
import { firstMsnAt } from "../hls/names.ts";
import { HlsOrigin } from "../hls/origin.ts";
import { HlsOutput } from "../hls/output.ts";
import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import type { Stream } from "../streams/stream.ts";
import { applicationOf } from "../streams/stream-path.ts";

type Settings = Pick<ApplicationConfig, "hls" | "dash">;

/** HLS of an application, with what DASH needs of it: players of DASH take renditions of one track only. */
export function hlsOf({ hls, dash }: Settings): HlsConfig {
  return isShared({ hls, dash }) ? { ...hls, separateAudio: true } : hls;
}

/** Whether DASH takes the segments of HLS. */
function isShared({ hls, dash }: Settings): boolean {
  return dash.enabled && hls.enabled && hls.format === "cmaf";
}

/** Gives streams their DASH output. */
export class DashModule {
  /** Answers for DASH, and for HLS. */
  readonly origin: DashOrigin;
  /** Streams whose segments are made for DASH alone. */
  readonly #own = new HlsOrigin();

  constructor(
    private readonly options: {
      readonly hls: HlsOrigin;
      readonly application: (name: string) => ApplicationConfig | undefined;
      readonly wallclockAt: (now: Millis) => Millis;
      readonly log: Log;
    },
  ) {
    const { hls, application } = options;
    this.origin = new DashOrigin({
      hls,
      own: this.#own,
      config: (path) => {
        const dash = application(applicationOf(path))?.dash;
        return dash?.enabled ? dash : undefined;
      },
      wallclock: Date.now,
    });
  }

  attach(stream: Stream, settings: Settings, now: Millis): void {
    if (!settings.dash.enabled || isShared(settings)) return;
    const { wallclockAt, log } = this.options;
    const { path } = stream;
    const output = new HlsOutput({
      path,
      config: ownConfig(settings),
      firstMsn: firstMsnAt(wallclockAt(now)),
      after: this.#own.get(path),
      wallclockAt,
      onFault: (error) => log.error("answering a DASH request failed", { path, error: String(error) }),
    });
    this.#own.add(output);
    stream.attach(output.write, now);
  }

  tick(now: Millis): void {
    this.origin.tick(now);
  }
}

function ownConfig({ hls, dash }: Settings): HlsConfig {
  const { segment, window, lowLatency } = dash;
  const maxSegment = Math.max(segment, hls.maxSegment);
  const own = { segment, maxSegment, window, lowLatency, separateAudio: true };
  return { ...hls, ...own, format: "cmaf", variants: [], path: undefined };
}
