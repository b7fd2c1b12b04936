import type { Millis } from "../../media/time.ts";
import type { SharedBody } from "./shared-answer.ts";

/** All bodies together; a live edge of 50 streams at 3 Mbit/s needs about this much. */
const MAX_BYTES = 32 * 1024 ** 2;
/** Viewers of a live stream ask for the same part within a moment of each other. */
const KEEP_MS = 5_000;

/**
 * Bun copies a `Uint8Array` into each response, so that a thousand slow readers of a segment hold a thousand copies. A
 * `Blob` is shared by all of them. It is a copy too, so only those in demand are kept, for a few seconds.
 */
export class SharedBodies {
  readonly #entries = new Map<Uint8Array, { readonly shared: SharedBody; used: Millis }>();
  readonly #urls = new Map<SharedBody, string>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get(body: Uint8Array, now: Millis): SharedBody {
    let entry = this.#entries.get(body);
    if (entry) {
      this.#entries.delete(body);
      entry.used = now;
    } else {
      entry = { shared: share(body), used: now };
      this.#bytes += entry.shared.blob.size;
    }
    this.#entries.set(body, entry);
    this.#evict((used) => this.#bytes > MAX_BYTES || now - used > KEEP_MS, body);
    return entry.shared;
  }

  /** An object URL by which another thread gets at the same bytes; good for as long as the body is kept here. */
  url(body: SharedBody): string {
    let url = this.#urls.get(body);
    if (!url) this.#urls.set(body, (url = URL.createObjectURL(body.blob)));
    return url;
  }

  /** Forgets what nobody has asked for lately; to be called now and then. */
  sweep(now: Millis): void {
    this.#evict((used) => now - used > KEEP_MS, undefined);
  }

  /** The map is in the order of use: the least recent comes first. */
  #evict(due: (used: Millis) => boolean, keep: Uint8Array | undefined): void {
    for (const [body, entry] of this.#entries) {
      if (body === keep || !due(entry.used)) return;
      this.#entries.delete(body);
      this.#bytes -= entry.shared.blob.size;
      const url = this.#urls.get(entry.shared);
      if (url !== undefined && this.#urls.delete(entry.shared)) URL.revokeObjectURL(url);
    }
  }
}

function share(body: Uint8Array): SharedBody {
  const bytes = body as Uint8Array<ArrayBuffer>;
  return { blob: new Blob([bytes]), bytes, etag: `"${Bun.hash.xxHash3(body).toString(16)}"` };
}
