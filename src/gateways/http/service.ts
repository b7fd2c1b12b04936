import type { ListenAddress } from "../../config/units.ts";
import { ListenerSet } from "../listener-set.ts";
import { FlvAnswers } from "./flv-answers.ts";
import type { FlvSource } from "./flv-source.ts";
import { HttpHandler, type HttpHandlerOptions } from "./handler.ts";
import { type HttpListener, type HttpListenOptions, listenHttp, listenHttps } from "./listen.ts";
import { PageAssets } from "./page-assets.ts";
import { answerAtDoor, type PlainDoor } from "./plain-door.ts";
import type { SecureServing, Serving } from "./serving.ts";
import type { TlsListener } from "./tls-listener.ts";

type Peer = Parameters<HttpHandler["answer"]>[1];

/** Listens and answers with what a configuration says, and with another from one request to the next. */
export class HttpService {
  readonly #assets: PageAssets;
  readonly #plain: ListenerSet<HttpListener>;
  readonly #secure: ListenerSet<TlsListener>;
  readonly #flv: FlvAnswers | undefined;
  #handler: HttpHandler;
  #config: Serving["config"];
  /** What new HTTPS listeners are opened with. */
  #secureServing: SecureServing | undefined;
  /** Undefined while nothing is done there, so that plain requests cost nothing more. */
  #door: PlainDoor | undefined;

  constructor(
    private readonly options: Omit<HttpHandlerOptions, "flv"> & { readonly flv?: FlvSource },
    listenOptions?: HttpListenOptions,
  ) {
    this.#assets = options.assets ?? new PageAssets();
    this.#config = options.config;
    this.#flv = options.flv && new FlvAnswers(options.flv, options.now);
    this.#handler = this.#handlerFor(options.config);
    const websocket = this.#flv?.websocket;
    const failed = (error: unknown) => this.#handler.failed(error);
    const answer = (request: Request, peer: Peer) => this.#handler.answer(request, peer);
    const atDoor = (request: Request, peer: Peer) =>
      (this.#door && answerAtDoor(request, this.#door)) ?? this.#handler.answer(request, peer);
    this.#plain = new ListenerSet((addresses) =>
      listenHttp(addresses, { fetch: atDoor, failed, websocket }, listenOptions),
    );
    this.#secure = new ListenerSet((addresses) => {
      const serving = this.#secureServing;
      return serving
        ? listenHttps(addresses, { fetch: answer, failed, websocket }, { ...listenOptions, ...serving })
        : [];
    });
  }

  /** Where it listens, with the ports that were free where 0 was asked for. */
  get addresses(): readonly ListenAddress[] {
    return this.#plain.addresses;
  }

  /** The same, for HTTPS. */
  get secureAddresses(): readonly ListenAddress[] {
    return this.#secure.addresses;
  }

  /**
   * Serves so from now on. Requests that wait are answered by the configuration that they came under. Listens before it returns;
   * resolves when each address shows the certificate.
   * @throws ListenError at once, and all is as before
   */
  serve({ config, listen, secure, challenges }: Serving): Promise<void> {
    const before = this.#plain.wanted;
    this.#plain.set(listen);
    this.#secureServing = secure;
    try {
      this.#secure.set(secure?.listen ?? []);
    } catch (error) {
      this.#plain.set(before);
      throw error;
    }
    const port = this.#secure.addresses[0]?.port;
    const redirectTo = secure?.redirect ? port : undefined;
    const quiet = redirectTo === undefined && Object.keys(challenges).length === 0;
    this.#door = quiet ? undefined : { challenges, redirectTo, cors: config.cors };
    if (!Bun.deepEquals(config, this.#config)) this.#handler = this.#handlerFor(config);
    this.#config = config;
    return secure ? this.#show(secure) : Promise.resolve();
  }

  /** To be called every few seconds. */
  sweep(): void {
    this.#handler.sweep();
    this.#flv?.count(this.options.seen);
  }

  /** Stops listening and drops the connections; harmless when called twice. */
  async close(): Promise<void> {
    await Promise.all([...this.#plain.listeners, ...this.#secure.listeners].map((listener) => listener.close()));
  }

  async #show({ certificate }: SecureServing): Promise<void> {
    await Promise.all(this.#secure.listeners.map((listener) => listener.replaceCertificate(certificate)));
  }

  #handlerFor(config: Serving["config"]): HttpHandler {
    return new HttpHandler({ ...this.options, config, flv: this.#flv, assets: this.#assets });
  }
}
