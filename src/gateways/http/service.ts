import type { ListenAddress } from "../../config/units.ts";
import { ListenerSet } from "../listener-set.ts";
import type { HttpConfig } from "./config.ts";
import { HttpHandler, type HttpHandlerOptions } from "./handler.ts";
import { type HttpListener, type HttpListenOptions, listenHttp } from "./listen.ts";
import { PageAssets } from "./page-assets.ts";

/** Listens and answers with what a configuration says, and with another from one request to the next. */
export class HttpService {
  readonly #assets: PageAssets;
  readonly #listeners: ListenerSet<HttpListener>;
  #handler: HttpHandler;

  constructor(
    private readonly options: HttpHandlerOptions,
    listenOptions?: HttpListenOptions,
  ) {
    this.#assets = options.assets ?? new PageAssets();
    this.#handler = this.#handlerFor(options.config);
    const handlers = {
      fetch: (request: Request, peer: Parameters<HttpHandler["answer"]>[1]) => this.#handler.answer(request, peer),
      failed: (error: unknown) => this.#handler.failed(error),
    };
    this.#listeners = new ListenerSet((addresses) => listenHttp(addresses, handlers, listenOptions));
  }

  /** Where it listens, with the ports that were free where 0 was asked for. */
  get addresses(): readonly ListenAddress[] {
    return this.#listeners.addresses;
  }

  /** Listens on these addresses from now on. @throws ListenError, and all is as before */
  listen(addresses: readonly ListenAddress[]): void {
    this.#listeners.set(addresses);
  }

  /** Requests from now on are answered by this configuration; those that wait, by the one they came under. */
  reload(config: HttpConfig): void {
    this.#handler = this.#handlerFor(config);
  }

  /** To be called every few seconds. */
  sweep(): void {
    this.#handler.sweep();
  }

  /** Stops listening and drops the connections; harmless when called twice. */
  async close(): Promise<void> {
    await Promise.all(this.#listeners.listeners.map((listener) => listener.close()));
  }

  #handlerFor(config: HttpConfig): HttpHandler {
    return new HttpHandler({ ...this.options, config, assets: this.#assets });
  }
}
