import type { ListenAddress } from "../../config/units.ts";
import type { CertificatePair } from "../certificate.ts";
import { UdpPortTakenError } from "../listen.ts";
import type { FlvSocketData } from "./flv-answers.ts";
import type { ServeOptions } from "./serve-options.ts";

type Server = Bun.Server<FlvSocketData>;

export type TlsListenerOptions = { readonly certificate: CertificatePair; readonly http3: boolean };

/** How long answers on their way by HTTP/3 are waited for when the certificate changes. */
const DRAIN_MS = 1_000;
/** How long the system is given to free a UDP port. */
const REOPEN_MS = 2_000;
/** How long clients remember that there is HTTP/3 (RFC 7838 3.1): a day. */
const REMEMBER_SECONDS = 86_400;
/** Whether two servers may listen on one TCP port, and each connection is given to one that has not closed. */
const PORTS_CAN_BE_SHARED = process.platform === "linux";

/**
 * One address with TLS. TCP and UDP have a server each, since a running one keeps its certificate for ever: another certificate takes
 * another server, and while TCP connections outlive their listener, those of QUIC have its port for their own.
 */
export class TlsListener {
  readonly address: ListenAddress;
  #certificate: CertificatePair;
  #tcp: Server;
  #quic: Server | undefined;
  #quicShows: CertificatePair;
  /** Not listening any more, and answering what it had accepted. */
  readonly #drained = new Set<Server>();
  #renewed: Promise<void> = Promise.resolve();
  #closed = false;

  /** @throws what Bun throws, or UdpPortTakenError; then neither port is taken */
  constructor(
    { host, port }: ListenAddress,
    private readonly optionsAt: (address: ListenAddress) => ServeOptions,
    private readonly options: TlsListenerOptions,
  ) {
    this.#certificate = this.#quicShows = options.certificate;
    this.address = { host, port };
    // Alone at first: a port that may be shared is not refused when another program has it.
    this.#tcp = this.#openTcp(false);
    this.address = { host, port: this.#tcp.port ?? port };
    if (PORTS_CAN_BE_SHARED && !optionsAt(this.address).reusePort) {
      void this.#tcp.stop(true);
      this.#tcp = this.#openTcp();
    }
    if (!options.http3) return;
    try {
      this.#quic = this.#openQuic();
    } catch (error) {
      void this.#tcp.stop(true);
      // It has no other reason once TCP listens on the same address, and Bun tells none.
      throw new UdpPortTakenError(error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * New connections are shown this certificate. Those by TCP that are open get their answers and are told to open another. Those by
   * QUIC have a second to be done and are closed, so that their clients open another; resolves when these can.
   * @throws Error when HTTP/3 cannot go on
   */
  async replaceCertificate(certificate: CertificatePair): Promise<void> {
    if (this.#closed || samePair(certificate, this.#certificate)) return this.#renewed;
    this.#certificate = certificate;
    const old = this.#tcp;
    if (!PORTS_CAN_BE_SHARED) void this.#drain(old);
    this.#tcp = this.#openTcp();
    if (PORTS_CAN_BE_SHARED) void this.#drain(old);
    if (!this.options.http3) return;
    const renew = () => this.#renewQuic();
    this.#renewed = this.#renewed.then(renew, renew);
    await this.#renewed;
  }

  /** Stops listening and drops the connections; harmless when called twice. */
  async close(): Promise<void> {
    this.#closed = true;
    const servers = [this.#tcp, ...(this.#quic ? [this.#quic] : []), ...this.#drained];
    this.#drained.clear();
    await Promise.all(servers.map((server) => server.stop(true)));
  }

  #openTcp(shared = PORTS_CAN_BE_SHARED): Server {
    const options = this.optionsAt(this.address);
    const fetch = this.options.http3 ? this.#advertising(options.fetch) : options.fetch;
    const reusePort = options.reusePort || shared;
    return Bun.serve({ ...options, reusePort, fetch, http2: true, tls: tlsOf(this.#certificate) });
  }

  #openQuic(): Server {
    // There are no WebSockets by HTTP/3 here, and with a handler of them Bun 1.4 does not end when all is answered.
    const { websocket: _, ...options } = this.optionsAt(this.address);
    return Bun.serve({ ...options, http1: false, http3: true, tls: tlsOf(this.#certificate) }) as Server;
  }

  /** RFC 7838 3: clients come by TCP first and learn here that there is HTTP/3. */
  #advertising(fetch: ServeOptions["fetch"]): ServeOptions["fetch"] {
    const add = (response: Response): Response => {
      response.headers.set("alt-svc", `h3=":${this.address.port}"; ma=${REMEMBER_SECONDS}`);
      return response;
    };
    return (request, peer) => {
      const response = fetch(request, peer);
      return response instanceof Promise ? response.then(add) : add(response);
    };
  }

  #drain(server: Server): Promise<void> {
    this.#drained.add(server);
    return server.stop(false).then(() => void this.#drained.delete(server));
  }

  async #renewQuic(): Promise<void> {
    const old = this.#quic;
    if (!old || this.#quicShows === this.#certificate) return;
    const began = performance.now();
    // Where the port is shared, the new server would get packets that are for the old one.
    await Promise.race([this.#drain(old), Bun.sleep(DRAIN_MS)]);
    // It has ended when all is answered, and frees its port when all has arrived.
    for (let cut = false; !this.#closed; await Bun.sleep(5)) {
      const waited = performance.now() - began;
      if (waited > DRAIN_MS && !cut) {
        cut = true;
        await old.stop(true);
      }
      try {
        this.#quic = this.#openQuic();
        this.#quicShows = this.#certificate;
        return;
      } catch (error) {
        if (waited > DRAIN_MS + REOPEN_MS) throw error;
      }
    }
  }
}

const tlsOf = ({ certificate, key }: CertificatePair) => ({ cert: certificate, key });

const samePair = (a: CertificatePair, b: CertificatePair): boolean =>
  a.certificate === b.certificate && a.key === b.key;
