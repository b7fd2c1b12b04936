import { formatListen, type ListenAddress } from "../config/units.ts";

/** What listens; each has a list of addresses in the configuration, a flag and an environment variable of its name. */
export type ListenProtocol = "rtmp" | "rtmps" | "http" | "https";

/** Thrown by `open`: the TCP port was had, and the UDP port of the same number was not. */
export class UdpPortTakenError extends Error {
  override readonly name = "UdpPortTakenError";
  readonly code = "EADDRINUSE";
}

/** An address that cannot be listened on; the message says what to do about it. */
export class ListenError extends Error {
  override readonly name = "ListenError";

  constructor(
    readonly code: "address-in-use" | "not-permitted" | "cannot-listen",
    readonly protocol: ListenProtocol,
    readonly address: ListenAddress,
    what: string,
    /** What to do about it. */
    readonly hint: string,
  ) {
    super(`${protocol.toUpperCase()} cannot listen on ${where(address)}: ${what}. ${hint}`);
  }
}

/**
 * Listens on all of the addresses by `open`, or on none.
 * @throws ListenError
 */
export function listenOnAll<Listener extends { close(): unknown }>(
  protocol: ListenProtocol,
  addresses: readonly ListenAddress[],
  open: (address: ListenAddress) => Listener,
): Listener[] {
  const listeners: Listener[] = [];
  try {
    for (const address of addresses) listeners.push(listen(protocol, address, open));
  } catch (error) {
    for (const listener of listeners) void listener.close();
    throw error;
  }
  return listeners;
}

function listen<Listener>(
  protocol: ListenProtocol,
  address: ListenAddress,
  open: (address: ListenAddress) => Listener,
): Listener {
  try {
    return open(address);
  } catch (error) {
    // A machine without IPv6 has no "::".
    if (address.host === "::" && codeOf(error) !== "EADDRINUSE") {
      try {
        return open({ ...address, host: "0.0.0.0" });
      } catch {}
    }
    throw toListenError(protocol, address, error);
  }
}

function toListenError(protocol: ListenProtocol, address: ListenAddress, error: unknown): ListenError {
  if (error instanceof UdpPortTakenError) {
    const hint = `Stop that program, choose another port by ${protocol}.listen, or turn HTTP/3 off by ${protocol}.http3.`;
    return new ListenError("address-in-use", protocol, address, "another program uses the UDP port, for HTTP/3", hint);
  }
  const ways = `${protocol}.listen, --${protocol} or NARU_${protocol.toUpperCase()}_LISTEN`;
  switch (codeOf(error)) {
    case "EADDRINUSE": {
      const hint = `Stop that program, or choose another port by ${ways}.`;
      return new ListenError("address-in-use", protocol, address, "another program uses the port", hint);
    }
    case "EACCES":
    case "EPERM": {
      const hint = `Ports below 1024 need a privilege; choose one above by ${ways}.`;
      return new ListenError("not-permitted", protocol, address, "not permitted", hint);
    }
    case "EADDRNOTAVAIL": {
      const hint = `Choose one that it has, or only a port for all of them, by ${ways}.`;
      return new ListenError("cannot-listen", protocol, address, "this machine does not have the address", hint);
    }
    default: {
      const reason = error instanceof Error ? error.message : String(error);
      return new ListenError("cannot-listen", protocol, address, reason, `Check the address in ${ways}.`);
    }
  }
}

/** With the host even where it is every address. */
const where = (address: ListenAddress): string =>
  address.host === "::" ? `[::]:${address.port}` : formatListen(address);

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);
