import { checkServerIdentity } from "node:tls";
import type { Socket } from "bun";

/** Why its certificate is not that of a trusted server of this name; undefined when it is. */
export function certificateProblem(
  socket: Socket,
  host: string,
  success: boolean,
  error: Error | null,
): string | undefined {
  if (error) return `the certificate of ${host} is not trusted: ${error.message}`;
  if (!success) return `TLS with ${host} failed`;
  const certificate = socket.getPeerCertificate();
  const mismatch = certificate ? checkServerIdentity(host, certificate) : new Error("it shows none");
  return mismatch && `the certificate is not that of ${host}: ${mismatch.message}`;
}

/** Nobody listens there. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
}

/** For people. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (isRefusal(error)) return "nobody listens there";
  return "code" in error && error.code === "ENOTFOUND" ? "there is no such host" : error.message;
}
