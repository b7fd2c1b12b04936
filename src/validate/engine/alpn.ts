import { isIP } from "node:net";
import { connect } from "node:tls";

const TIMEOUT_MS = 5000;

/** What an origin serves besides HTTP/1.1. */
export type Protocols = { readonly tls: boolean; readonly http2: boolean };

/** Asks an origin by ALPN (RFC 7301) whether it speaks HTTP/2. */
export function offeredProtocols(url: string): Promise<Protocols> {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== "https:") return Promise.resolve({ tls: false, http2: false });
  const host = hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve) => {
    const done = (http2: boolean) => {
      socket.destroy();
      resolve({ tls: true, http2 });
    };
    const socket = connect({
      host,
      port: Number(port || 443),
      ALPNProtocols: ["h2", "http/1.1"],
      // Only the protocol is asked for, nothing is sent.
      rejectUnauthorized: false,
      ...(isIP(host) === 0 && { servername: host }),
    });
    socket.setTimeout(TIMEOUT_MS, () => done(false));
    socket.on("secureConnect", () => done(socket.alpnProtocol === "h2"));
    socket.on("error", () => done(false));
  });
}
