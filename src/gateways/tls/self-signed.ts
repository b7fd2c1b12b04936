import { hostname, networkInterfaces } from "node:os";
import type { CertificatePair } from "../certificate.ts";
import { checkPair } from "./pair.ts";
import type { SecretStore } from "./store.ts";

/** Longer ones are refused by Apple's systems, even when somebody trusts them by hand. */
const VALID_MS = 397 * 86_400_000;
/** Clocks of viewers may be behind. */
const BACKDATED_MS = 86_400_000;

const FILE = "self-signed.pem";
/** A new one is made so long ahead of the old one's end. */
const AHEAD_MS = 30 * 86_400_000;

/** The certificate that the server makes itself, kept so that whoever has accepted it need not do so again. */
export class SelfSigned {
  #pair: CertificatePair | undefined;
  #validTo = 0;

  constructor(private readonly store: SecretStore) {}

  /** @param wallclock milliseconds since 1970 */
  async at(wallclock: number): Promise<CertificatePair> {
    if (this.#pair === undefined) this.#use(this.store.read(FILE));
    if (this.#pair !== undefined && this.#validTo - wallclock > AHEAD_MS) return this.#pair;
    const { certificate, key } = await makeSelfSigned(ownNames(), wallclock);
    const pem = certificate + key;
    this.store.write(FILE, pem);
    return this.#use(pem) ?? { certificate, key };
  }

  #use(pem: string | undefined): CertificatePair | undefined {
    if (pem === undefined) return undefined;
    const pair = { certificate: pem, key: pem };
    try {
      this.#validTo = checkPair(pair).validTo;
      this.#pair = pair;
    } catch {
      return undefined;
    }
    return pair;
  }
}

/** By what this machine can be reached: its names and addresses. */
export function ownNames(): readonly string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  // A link-local address is written with its interface, which no URL of a browser may hold.
  const found = addresses.map(({ address }) => address).filter((address) => !/^fe80:|%/i.test(address));
  const name = hostname().toLowerCase();
  const names = /^[a-z0-9.-]{1,253}$/.test(name) ? [name] : [];
  return [...new Set(["localhost", ...names, "127.0.0.1", "::1", ...found])];
}

/**
 * Makes a certificate that nobody has signed: browsers warn, and go on when told to.
 * @param names DNS names and addresses
 * @param wallclock milliseconds since 1970
 */
export async function makeSelfSigned(names: readonly string[], wallclock: number): Promise<CertificatePair> {
  const { X509CertificateGenerator, SubjectAlternativeNameExtension, ExtendedKeyUsageExtension, ExtendedKeyUsage } =
    await import("@peculiar/x509");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=naru self-signed",
    keys,
    signingAlgorithm: algorithm,
    serialNumber: serialNumber(),
    notBefore: new Date(wallclock - BACKDATED_MS),
    notAfter: new Date(wallclock - BACKDATED_MS + VALID_MS),
    extensions: [
      new SubjectAlternativeNameExtension(names.map((value) => ({ type: isAddress(value) ? "ip" : "dns", value }))),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    ],
  });
  const key = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const lines = key.match(/.{1,64}/g) ?? [];
  return {
    certificate: `${certificate.toString("pem")}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`,
  };
}

const isAddress = (name: string): boolean => /^[\d.]+$/.test(name) || name.includes(":");

/** RFC 5280 4.1.2.2: positive. Another one each time, since browsers refuse two certificates of one issuer and number. */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toHex();
}
