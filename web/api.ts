import type { RelayValue } from "../src/control/api-schemas.ts";
import type { FoundStream, StreamList } from "../src/gateways/http/stream-list.ts";
import type { ServerClock } from "./server-clock.ts";

/** An unanswered request counts as unreachable after this. */
const TIMEOUT_MS = 8_000;

export type StreamLookup =
  | { readonly found: "stream"; readonly stream: FoundStream }
  | { readonly found: "none" | "unreachable" };

/** All streams, or undefined when the server does not answer. */
export async function fetchStreams(): Promise<StreamList | undefined> {
  try {
    const response = await fetch("/api/streams", { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.ok ? ((await response.json()) as StreamList) : undefined;
  } catch {
    return undefined;
  }
}

/** Connections to other servers; not everybody is told of them. */
export async function fetchRelays(): Promise<readonly RelayValue[] | "refused" | "unreachable"> {
  try {
    const response = await fetch("/api/relays", { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status === 401 || response.status === 403 || response.status === 404) return "refused";
    if (!response.ok) return "unreachable";
    return ((await response.json()) as { readonly relays: readonly RelayValue[] }).relays;
  } catch {
    return "unreachable";
  }
}

/** One stream. The clock learns from the answer's time. */
export async function fetchStream(path: string, clock: ServerClock): Promise<StreamLookup> {
  const url = `/api/streams/${path.split("/").map(encodeURIComponent).join("/")}`;
  try {
    const asked = Date.now();
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), cache: "no-store" });
    const answered = Date.now();
    if (response.status === 404) return { found: "none" };
    if (!response.ok) return { found: "unreachable" };
    const stream = (await response.json()) as FoundStream;
    clock.learn(stream.serverTime, asked, answered);
    return { found: "stream", stream };
  } catch {
    return { found: "unreachable" };
  }
}
