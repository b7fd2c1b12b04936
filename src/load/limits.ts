import { lookup } from "node:dns/promises";
import { readFileSync } from "node:fs";

/** File descriptors that the process needs besides. */
const OTHER_DESCRIPTORS = 64;
/** From one address to one address and port, when the system does not say. */
const DEFAULT_PORTS = 28_000;

export type SystemLimits = {
  /** Files that this process may have open; undefined where the system does not say. */
  readonly descriptors: number | undefined;
  /** Source ports for connections to one address and port. */
  readonly ports: number;
};

/** How connections are spread over addresses, or why that many cannot be had. */
export type ConnectionPlan =
  | { readonly type: "possible"; readonly addresses: readonly string[] }
  | { readonly type: "impossible"; readonly reason: string };

/**
 * Whether this machine can have the connections of so many viewers to one server, and to which addresses they go.
 * @param probe whether the server answers at an address
 */
export async function planConnections(
  viewers: number,
  hostname: string,
  connectionsPerViewer: number,
  probe: (address: string) => Promise<boolean> = async () => false,
  { descriptors, ports }: SystemLimits = systemLimits(),
): Promise<ConnectionPlan> {
  const needed = viewers * connectionsPerViewer;
  if (descriptors !== undefined && needed + OTHER_DESCRIPTORS > descriptors) {
    const most = Math.floor((descriptors - OTHER_DESCRIPTORS) / connectionsPerViewer);
    return {
      type: "impossible",
      reason: `${viewers} viewers need about ${needed} connections, and this process may have ${descriptors} files open: "ulimit -n ${2 ** Math.ceil(Math.log2(needed + OTHER_DESCRIPTORS))}" before, or at most ${most} viewers`,
    };
  }
  const first = await addressOf(hostname);
  const groups = Math.ceil(needed / ports);
  if (groups <= 1) return { type: "possible", addresses: first === undefined ? [] : [first] };
  const addresses = Array.from({ length: groups }, (_, n) => `127.0.0.${n + 1}`);
  if (first?.startsWith("127.") && (await Promise.all(addresses.map(probe))).every(Boolean)) {
    return { type: "possible", addresses };
  }
  return {
    type: "impossible",
    reason: `${viewers} viewers need about ${needed} connections, and there are ${ports} source ports for one address: widen net.ipv4.ip_local_port_range, or let the server listen on all addresses of the loopback (0.0.0.0), or run naru load on several machines`,
  };
}

async function addressOf(hostname: string): Promise<string | undefined> {
  try {
    return (await lookup(hostname.replace(/^\[|\]$/g, ""))).address;
  } catch {
    return undefined;
  }
}

function systemLimits(): SystemLimits {
  const limit = /^Max open files\s+(\d+)/m.exec(readIfThere("/proc/self/limits"))?.[1];
  const range = readIfThere("/proc/sys/net/ipv4/ip_local_port_range").trim().split(/\s+/).map(Number);
  const [first = 0, last = 0] = range;
  return {
    descriptors: limit === undefined ? undefined : Number(limit),
    ports: last > first ? last - first : DEFAULT_PORTS,
  };
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
