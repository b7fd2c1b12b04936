import { createHmac, randomBytes } from "node:crypto";
import type { Socket } from "bun";
import type { ListenAddress } from "../../config/units.ts";
import type { Log } from "../../log.ts";
import type { Millis } from "../../media/time.ts";
import type { PlaySource } from "../../play/feeds.ts";
import type { HandshakeCrypto } from "../../protocols/rtmp/handshake.ts";
import { RtmpServerSession } from "../../protocols/rtmp/server-session.ts";
import { type Admission, ALLOW_ALL, type Redirect } from "../../streams/admission.ts";
import type { ClientProtocol } from "../../streams/client.ts";
import type { Ingest } from "../../streams/publish.ts";
import { Sessions } from "../../streams/sessions.ts";
import type { FileSource } from "../../vod/file-source.ts";
import type { CertificatePair, CertificateSource } from "../certificate.ts";
import { listenOnAll } from "../listen.ts";
import { ListenerSet } from "../listener-set.ts";
import type { RtmpConfig, RtmpsConfig } from "./config.ts";
import { RtmpConnection } from "./connection.ts";

export type RtmpGatewayConfig = {
  readonly config: RtmpConfig;
  readonly rtmps?: RtmpsConfig;
  /** Without, there is no RTMPS. */
  readonly certificates?: CertificateSource;
};

export type RtmpGatewayOptions = RtmpGatewayConfig & {
  readonly ingest: Ingest;
  /** Where connections, publishes and plays are entered; when left out, in none that others know. */
  readonly sessions?: Sessions;
  /** The application that clients call so, at the address that they came by; undefined when there is none. */
  readonly applicationAt?: (name: string, at: ListenAddress) => string | undefined;
  /** Everybody is let in when left out. */
  readonly admission?: Admission;
  /** Without, a redirected publish or play is refused. */
  readonly redirect?: Redirect;
  /** Without, nothing is played. */
  readonly plays?: PlaySource;
  /** Without, no files are played. */
  readonly files?: FileSource;
  readonly log: Log;
  /** Monotonic. */
  readonly clock: () => Millis;
};

export type RtmpGateway = {
  /** What is listened on, with the ports that were taken. */
  readonly addresses: readonly ListenAddress[];
  /** The same, for RTMPS. */
  readonly secureAddresses: readonly ListenAddress[];
  /** Connections that are open now. */
  readonly connections: number;
  /**
   * Another configuration, or another certificate: addresses are opened and closed, the rest holds for new connections. Those that
   * are open go on.
   * @throws ListenError, and all is as before
   */
  reload(next: RtmpGatewayConfig): void;
  /** Stops listening and closes every connection. Harmless when called twice. */
  close(): Promise<void>;
};

/** How often deadlines are looked at; one timer for all connections. */
const TICK: Millis = 250;
/** How long `close` waits for peers to read their last answer. */
const CLOSE_WAIT: Millis = 500;

const crypto: HandshakeCrypto = {
  random: (length) => randomBytes(length),
  hmacSha256: (key, message) => createHmac("sha256", key).update(message).digest(),
};

type SocketData = { connection: RtmpConnection | undefined };

/** Listens for encoders and players. @throws ListenError */
export function startRtmpGateway(options: RtmpGatewayOptions): RtmpGateway {
  const { log, clock, sessions = new Sessions(), admission = ALLOW_ALL } = options;
  let { config } = options;
  const connections = new Set<RtmpConnection>();
  let refused = 0;

  const accept = (socket: Socket<SocketData>, protocol: ClientProtocol, at: ListenAddress, port: number): void => {
    if (connections.size >= config.maxConnections) {
      if (refused++ === 0) log.warn("RTMP connections refused: the limit is reached", { limit: config.maxConnections });
      socket.terminate();
      return;
    }
    refused = 0;
    socket.setNoDelay(true);
    const session = new RtmpServerSession(config, crypto, clock());
    const { chunkSize, sendTimeout } = config;
    const address = socket.remoteAddress.replace(/^::ffff:/i, "");
    const remote = `${address.includes(":") ? `[${address}]` : address}:${socket.remotePort}`;
    const client = { id: sessions.nextClientId(), protocol, address, port };
    const connection = new RtmpConnection({
      ...options,
      sessions,
      admission,
      chunkSize,
      sendTimeout,
      socket,
      session,
      remote,
      client,
      applicationOf: (name) => (options.applicationAt ? options.applicationAt(name, at) : name),
    });
    socket.data.connection = connection;
    connections.add(connection);
  };

  const listen = ({ host, port }: ListenAddress, pair?: CertificatePair) => {
    const listener = Bun.listen<SocketData>({
      hostname: host,
      port,
      ...(pair && { tls: { cert: pair.certificate, key: pair.key } }),
      data: { connection: undefined },
      socket: {
        binaryType: "uint8array",
        open(socket) {
          // The listener's `data` is shared by all of its sockets.
          socket.data = { connection: undefined };
          accept(socket, pair ? "rtmps" : "rtmp", { host, port }, listener.port);
        },
        data: (socket, bytes) => socket.data.connection?.receive(bytes),
        drain: (socket) => socket.data.connection?.drain(),
        close(socket) {
          const { connection } = socket.data;
          if (!connection) return;
          connections.delete(connection);
          connection.closed();
        },
        // A reset: `close` follows.
        error() {},
      },
    });
    // Connections outlive the listener they came by.
    return { address: { host, port: listener.port }, listener, close: () => listener.stop(false) };
  };

  let shown: CertificatePair | undefined;
  const listeners = new ListenerSet((addresses) => listenOnAll("rtmp", addresses, (address) => listen(address)));
  const secureListeners = new ListenerSet((addresses) =>
    listenOnAll("rtmps", addresses, (address) => listen(address, shown)),
  );
  const take = (next: RtmpGatewayConfig): void => {
    const before = listeners.wanted;
    listeners.set(next.config.listen);
    const pair = next.certificates?.current;
    const secure = pair ? (next.rtmps?.listen ?? []) : [];
    try {
      // A listener keeps its certificate for ever.
      if (pair?.certificate !== shown?.certificate) secureListeners.set([]);
      shown = pair;
      secureListeners.set(secure);
    } catch (error) {
      listeners.set(before);
      throw error;
    }
    config = next.config;
  };
  take(options);

  const timer = setInterval(() => {
    const now = clock();
    for (const connection of connections) connection.tick(now);
  }, TICK);

  let closing: Promise<void> | undefined;
  return {
    get addresses() {
      return listeners.addresses;
    },
    get secureAddresses() {
      return secureListeners.addresses;
    },
    get connections() {
      return connections.size;
    },
    reload: take,
    close() {
      closing ??= shutDown();
      return closing;
    },
  };

  async function shutDown(): Promise<void> {
    const open = [...listeners.listeners, ...secureListeners.listeners];
    for (const { listener } of open) listener.stop(false);
    for (const connection of [...connections]) connection.close({ code: "shutdown", message: "the server shuts down" });
    const until = clock() + CLOSE_WAIT;
    while (connections.size > 0 && clock() < until) await Bun.sleep(10);
    clearInterval(timer);
    for (const { listener } of open) listener.stop(true);
  }
}
