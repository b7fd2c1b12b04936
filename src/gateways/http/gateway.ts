import type { ListenAddress } from "../../config/units.ts";
import type { Log } from "../../log.ts";
import type { PlaySource } from "../../play/feeds.ts";
import { type Admission, ALLOW_ALL, type Redirect } from "../../streams/admission.ts";
import { Sessions } from "../../streams/sessions.ts";
import { FlvSessions } from "./flv-sessions.ts";
import { LocalFlvSource } from "./flv-source.ts";
import { LocalSource, type LocalSourceOptions } from "./local-source.ts";
import type { PageAssets } from "./page-assets.ts";
import { HttpService } from "./service.ts";
import { type ServingConfig, toServing } from "./serving.ts";
import { Viewers } from "./viewers.ts";

export type HttpGatewayOptions = Omit<LocalSourceOptions, "viewers" | "failed"> &
  ServingConfig & {
    /** Without, nothing is played as FLV. */
    readonly plays?: PlaySource;
    /** Where those who play FLV are entered; when left out, in none that others know. */
    readonly sessions?: Sessions;
    /** Everybody is let in when left out. */
    readonly admission?: Admission;
    /** Without, a redirected play is refused. */
    readonly redirect?: Redirect;
    readonly log: Log;
    /** Where the pages' files come from; the server's own when left out. */
    readonly assets?: PageAssets;
  };

export interface HttpGateway {
  /** Where it listens, with the ports that were free where 0 was asked for. */
  readonly addresses: readonly ListenAddress[];
  /** The same, for HTTPS. */
  readonly secureAddresses: readonly ListenAddress[];
  /** Viewers of a stream in the last few seconds. */
  viewers(path: string): number;
  /**
   * Another configuration, or another certificate: addresses are opened and closed, the rest holds for new requests. Those that
   * wait go on.
   * @throws ListenError, and all is as before
   */
  reload(next: ServingConfig): Promise<void>;
  /** Stops listening and drops the connections; harmless when called twice. */
  close(): Promise<void>;
}

/** How often what nobody asks for any more is dropped. */
export const SWEEP_MS = 5_000;

/** Plays streams as FLV to whom the admission lets in. */
export function flvSource(options: HttpGatewayOptions): LocalFlvSource | undefined {
  const { plays, now, redirect, sessions = new Sessions(), admission = ALLOW_ALL } = options;
  return plays && new LocalFlvSource(plays, new FlvSessions({ plays, sessions, admission, redirect, now }), now);
}

/**
 * Listens on every address of the configuration, and answers in this thread.
 * @throws ListenError when an address cannot be had; then none is kept
 */
export function startHttpGateway(options: HttpGatewayOptions): HttpGateway {
  const { config, streams, log, now } = options;
  const viewers = new Viewers();
  const count = (path: string) => viewers.count(path, now()) + (options.plays?.viewers(path) ?? 0);
  const source = new LocalSource({
    ...options,
    viewers: count,
    failed: (error) => log.error("HTTP request failed", { error: String(error) }),
  });
  const service = new HttpService({
    config,
    source,
    seen: (path, viewer) => viewers.saw(path, viewer, now()),
    flv: flvSource(options),
    isStream: (path) => streams.get(path) !== undefined,
    log,
    now,
    assets: options.assets,
  });
  void service.serve(toServing(options));
  const sweep = setInterval(() => {
    service.sweep();
    source.sweep(now());
    viewers.sweep(now());
  }, SWEEP_MS);
  sweep.unref();
  return {
    get addresses() {
      return service.addresses;
    },
    get secureAddresses() {
      return service.secureAddresses;
    },
    viewers: count,
    async reload(next) {
      await service.serve(toServing(next));
    },
    close() {
      clearInterval(sweep);
      return service.close();
    },
  };
}
