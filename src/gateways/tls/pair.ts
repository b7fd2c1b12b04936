import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { CertificatePair } from "../certificate.ts";

/** A certificate or key that cannot be used. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";

  constructor(
    /** Whether the certificate or its key is to blame. */
    readonly part: "certificate" | "key",
    message: string,
  ) {
    super(message);
  }
}

/** What a certificate says of itself. Times in milliseconds since 1970. */
export type CertificateFacts = {
  /** DNS names and addresses. */
  readonly names: readonly string[];
  readonly validFrom: number;
  readonly validTo: number;
};

/** Files are far smaller; a device or a video named by mistake is not read to its end. */
const MAX_FILE_BYTES = 1024 * 1024;

/** Reads a pair and checks it. @throws CertificateError naming the file */
export function readPair(certificateFile: string, keyFile: string): CertificatePair {
  const pair = { certificate: readPem(certificateFile, "certificate"), key: readPem(keyFile, "key") };
  try {
    checkPair(pair);
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new CertificateError(error.part, `${error.part === "key" ? keyFile : certificateFile}: ${error.message}`);
  }
  return pair;
}

/** Whether a server can use it. Time is not looked at. @throws CertificateError */
export function checkPair({ certificate, key }: CertificatePair): CertificateFacts {
  const leaf = parseCertificate(certificate);
  const privateKey = parseKey(key);
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new CertificateError("key", "it is not the private key of the certificate");
  }
  return factsOf(leaf);
}

/** @throws CertificateError */
export function certificateFacts(certificate: string): CertificateFacts {
  return factsOf(parseCertificate(certificate));
}

function factsOf(leaf: X509Certificate): CertificateFacts {
  const names = (leaf.subjectAltName ?? "")
    .split(", ")
    .flatMap((name) => /^(?:DNS|IP Address):(.+)$/.exec(name)?.[1] ?? []);
  return { names, validFrom: Date.parse(leaf.validFrom), validTo: Date.parse(leaf.validTo) };
}

/** The first is the server's own; those of its chain must be readable, too. */
function parseCertificate(pem: string): X509Certificate {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  try {
    const [leaf] = found.map((one) => new X509Certificate(one));
    if (leaf) return leaf;
  } catch (error) {
    throw new CertificateError("certificate", `its certificate is malformed: ${describe(error)}`);
  }
  throw new CertificateError("certificate", "it holds no PEM certificate");
}

function parseKey(pem: string): ReturnType<typeof createPrivateKey> {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) throw new CertificateError("key", "it holds no PEM private key");
  if (/ENCRYPTED/.test(pem))
    throw new CertificateError("key", "its key is encrypted, and nobody is there to ask for the passphrase");
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new CertificateError("key", `its private key is malformed: ${describe(error)}`);
  }
}

function readPem(file: string, part: "certificate" | "key"): string {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > MAX_FILE_BYTES) throw new Error("it is too large for a PEM file");
    return bytes.toString("latin1");
  } catch (error) {
    throw new CertificateError(part, `${file}: ${describe(error)}`);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "this user may not read it",
  EISDIR: "it is a directory",
};

function describe(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}
