import type { ApplicationConfig } from "../config/application.ts";
import { DashOrigin } from "../dash/origin.ts";
import { DashDirectory } from "../gateways/files/dash-directory.ts";
import type { DashWriter } from "../gateways/files/dash-writer.ts";
import type { HlsConfig } from "../hls/config.ts";
import { EPOCH, firstMsnAt } from "../hls/names.ts";
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

  /** One per directory and settings: several applications may share one. */
  readonly #directories = new Map<string, DashDirectory>();
  readonly #files = new Map<HlsOutput, OutputFiles | undefined>();

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

  /** Opens the directories of the configuration, so that old files are removed though nobody publishes. */
  start(applications: Iterable<ApplicationConfig>): void {
    for (const settings of applications) this.#directory(settings);
  }

  tick(now: Millis): void {
    this.origin.tick(now);
    const outputs = new Set(this.origin.outputs());
    for (const output of outputs) {
      if (!this.#files.has(output)) this.#files.set(output, this.#open(output));
      this.#files.get(output)?.writer.update(output, Date.now());
    }
    for (const [output, files] of this.#files) {
      if (outputs.has(output)) continue;
      this.#files.delete(output);
      files?.release();
    }
  }

  /** Writes out what waits for the disk. */
  async close(): Promise<void> {
    await Promise.all([...this.#directories.values()].map((directory) => directory.close()));
  }

  #open(output: HlsOutput): OutputFiles | undefined {
    const { path, windowMs } = output;
    const settings = this.options.application(applicationOf(path));
    const directory = settings && this.#directory(settings);
    if (!directory) return undefined;
    const name = path.slice(path.indexOf("/") + 1);
    const { clock } = settings.dash;
    const manifest = { epoch: EPOCH, windowMs };
    const told = clock ? { scheme: clock.kind, value: clock.url } : "none";
    const writer = directory.open(name, { ...manifest, clock: told });
    return writer && { writer, release: () => directory.release(name, writer) };
  }

  #directory(settings: Settings): DashDirectory | undefined {
    const { path: directory, nested, cleanup, enabled } = settings.dash;
    if (!enabled || directory === undefined) return undefined;
    const { window } = isShared(settings) ? settings.hls : settings.dash;
    const options = { directory, nested, cleanup, window };
    const key = JSON.stringify(options);
    let opened = this.#directories.get(key);
    if (!opened) {
      opened = new DashDirectory(options, this.options.log);
      this.#directories.set(key, opened);
      opened.start();
    }
    return opened;
  }
}

/** What writes the files of an output. */
type OutputFiles = { readonly writer: DashWriter; readonly release: () => void };

function ownConfig({ hls, dash }: Settings): HlsConfig {
  const { segment, window } = dash;
  const maxSegment = Math.max(segment, hls.maxSegment);
  const own = { segment, maxSegment, window, lowLatency: false, separateAudio: true };
  return { ...hls, ...own, format: "cmaf", variants: [], path: undefined };
}
