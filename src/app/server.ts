import { version } from "../../package.json";
import { findApplication } from "../config/application.ts";
import type { Config } from "../config/schema.ts";
import type { ListenAddress } from "../config/units.ts";
import { type HttpGateway, startHttpGateway } from "../gateways/http/gateway.ts";
import type { StreamSummary } from "../gateways/http/stream-list.ts";
import { type RtmpGateway, startRtmpGateway } from "../gateways/rtmp/server.ts";
import { HlsOrigin } from "../hls/origin.ts";
import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import { StreamRegistry } from "../streams/registry.ts";
import type { Stream } from "../streams/stream.ts";
import { applicationOf } from "../streams/stream-path.ts";
import { HlsModule } from "./hls.ts";
import { Posters } from "./posters.ts";
import { logSourceChange } from "./source-log.ts";
import { summarise } from "./stream-summary.ts";

export type ServerOptions = {
  readonly log: Log;
};

/** A server that listens. */
export type Server = {
  readonly config: Config;
  /** Where it listens, with the ports that were taken where 0 was asked for. */
  readonly rtmp: readonly ListenAddress[];
  readonly http: readonly ListenAddress[];
  streams(): readonly StreamSummary[];
  /** Ends every stream and connection. Harmless when called twice. */
  close(): Promise<void>;
};

/** How often waiting streams and requests are looked at. */
const TICK: Millis = 200;
/** Streams at the same time. */
const MAX_STREAMS = 10_000;

/**
 * Puts the rooms together and listens.
 * @throws ListenError when an address cannot be had; then nothing is left running
 */
export async function startServer(config: Config, { log }: ServerOptions): Promise<Server> {
  const clock = () => performance.now();
  const wallclockAt = (now: Millis) => Date.now() - clock() + now;
  const application = (name: string) => findApplication(config.applications, name);

  const posters = new Posters();
  const origin = new HlsOrigin();
  const hls = new HlsModule({ origin, log, wallclockAt });
  const registry = new StreamRegistry({
    policy: (name) => {
      const found = application(name);
      if (!found) return undefined;
      const { live, secondPublisher, backup, hls } = found;
      return { live, secondPublisher, backup, graceMs: hls.grace };
    },
    maxStreams: MAX_STREAMS,
    onStream: (stream, now) => {
      const found = application(applicationOf(stream.path));
      if (found?.hls.enabled) hls.attach(stream, found.hls, now);
    },
    onRemoved: (stream) => log.info("stream ended", { path: stream.path }),
    onSinkFailure: (stream, error) =>
      log.error("an output failed and was taken off its stream", { path: stream.path, error: describe(error) }),
    onSourceChange: (stream, change) => logSourceChange(log, stream, change),
  });
  const summary = (stream: Stream): StreamSummary =>
    summarise(stream, { now: clock(), wallclockAt, endsAt: registry.endsAt(stream) });

  hls.start(Object.values(config.applications).map((found) => found.hls));

  let rtmp: RtmpGateway | undefined;
  let http: HttpGateway | undefined;
  const timer = setInterval(() => {
    const now = clock();
    // A mistake of ours in one stream must not end the process, and with it all the others.
    for (const room of [registry, origin]) {
      try {
        room.tick(now);
      } catch (error) {
        log.error("internal error in a timer", { error: describe(error) });
      }
    }
  }, TICK);
  const close = async (): Promise<void> => {
    clearInterval(timer);
    await rtmp?.close();
    registry.close(clock());
    await hls.close();
    await http?.close();
  };

  try {
    rtmp = startRtmpGateway({ config: config.rtmp, ingest: registry, log, clock });
    http = startHttpGateway({
      config: config.http,
      origin,
      streams: {
        list: () => registry.list().map(summary),
        get: (path) => {
          const stream = registry.get(path);
          return stream && summary(stream);
        },
        poster: (path) => posters.of(registry.get(path)),
      },
      rtmpPort: rtmp.addresses[0]?.port,
      version,
      log,
      now: clock,
    });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    config,
    rtmp: rtmp.addresses,
    http: http.addresses,
    streams: () => registry.list().map(summary),
    close,
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
