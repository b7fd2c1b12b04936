import { BlockList, isIP } from "node:net";
import { z } from "zod";

/** An address, a network such as `10.0.0.0/8`, or `all`. */
export const networkSchema = () =>
  z.string().refine((text) => parseNetwork(text) !== undefined, {
    message: 'expected an address, a network such as 10.0.0.0/8, or "all"',
  });

type Network = "all" | { readonly address: string; readonly family: "ipv4" | "ipv6"; readonly prefix: number };

/** Undefined when it is none. */
export function parseNetwork(text: string): Network | undefined {
  if (text === "all") return "all";
  const [address = "", length, ...rest] = text.split("/");
  const version = isIP(address);
  const bits = version === 4 ? 32 : 128;
  if (version === 0 || rest.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) return undefined;
  const prefix = length === undefined ? bits : Number(length);
  return prefix > bits ? undefined : { address, family: version === 4 ? "ipv4" : "ipv6", prefix };
}

/** Addresses and networks; an IPv4 address that comes as IPv6 (RFC 4291 2.5.5.2) is the IPv4 address. */
export class AddressList {
  readonly #list = new BlockList();
  #all = false;

  /** @param networks as `networkSchema` has checked them */
  constructor(networks: readonly string[]) {
    for (const text of networks) {
      const network = parseNetwork(text);
      if (network === "all") this.#all = true;
      else if (network) this.#list.addSubnet(network.address, network.prefix, network.family);
    }
  }

  /** An address that is not known is in no list but that of all. */
  has(address: string | undefined): boolean {
    if (this.#all) return true;
    const version = address === undefined ? 0 : isIP(address);
    return version !== 0 && this.#list.check(address as string, version === 4 ? "ipv4" : "ipv6");
  }
}
