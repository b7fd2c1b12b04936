import type { ListenAddress } from "../../config/units.ts";
import type { Log } from "../../log.ts";
import type { HttpConfig } from "./config.ts";
import { HttpHandler } from "./handler.ts";
import { listenHttp } from "./listen.ts";
import { LocalSource, type LocalSourceOptions } from "./local-source.ts";
import type { PageAssets } from "./page-assets.ts";
import { Viewers } from "./viewers.ts";

export type HttpGatewayOptions = Omit<LocalSourceOptions, "viewers" | "failed"> & {
  readonly config: HttpConfig;
  readonly log: Log;
  /** Where the pages' files come from; the server's own when left out. */
  readonly assets?: PageAssets;
};

export interface HttpGateway {
  /** Where it listens, with the ports that were free where 0 was asked for. */
  readonly addresses: readonly ListenAddress[];
  /** Viewers of a stream in the last few seconds. */
  viewers(path: string): number;
  /** Stops listening and drops the connections; harmless when called twice. */
  close(): Promise<void>;
}

/** How often what nobody asks for any more is dropped. */
export const SWEEP_MS = 5_000;

/**
 * Listens on every address of the configuration, and answers in this thread.
 * @throws ListenError when an address cannot be had; then none is kept
 */
export function startHttpGateway(options: HttpGatewayOptions): HttpGateway {
  const { config, streams, log, now } = options;
  const viewers = new Viewers();
  const source = new LocalSource({
    ...options,
    viewers: (path) => viewers.count(path, now()),
    failed: (error) => log.error("HTTP request failed", { error: String(error) }),
  });
  const handler = new HttpHandler({
    config,
    source,
    seen: (path, viewer) => viewers.saw(path, viewer, now()),
    isStream: (path) => streams.get(path) !== undefined,
    log,
    now,
    assets: options.assets,
  });
  const listeners = listenHttp(config.listen, {
    fetch: (request, server) => handler.answer(request, server),
    failed: (error) => handler.failed(error),
  });
  const sweep = setInterval(() => {
    handler.sweep();
    source.sweep(now());
    viewers.sweep(now());
  }, SWEEP_MS);
  sweep.unref();
  return {
    addresses: listeners.map((listener) => listener.address),
    viewers: (path) => viewers.count(path, now()),
    async close() {
      clearInterval(sweep);
      await Promise.all(listeners.map((listener) => listener.close()));
    },
  };
}
