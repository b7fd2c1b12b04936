import { createDecipheriv } from "node:crypto";
import type { Report } from "../finding.ts";
import type { ListedKey } from "../playlist/media-playlist.ts";
import type { Fetcher } from "./fetcher.ts";

const KEY_BYTES = 16;
/** Keys rotate; older ones are fetched again if need be. */
const MAX_KEYS = 64;

/** Decrypts AES-128 (RFC 8216bis 4.4.4.4, 5.2) with keys that can be had. */
export class Decryption {
  readonly #fetcher: Fetcher;
  readonly #report: Report;
  readonly #keys = new Map<string, Promise<Uint8Array | undefined>>();

  constructor(fetcher: Fetcher, report: Report) {
    this.#fetcher = fetcher;
    this.#report = report;
  }

  /**
   * @returns the bytes in the clear; `encryption` instead where they stay as they are, by METHOD
   * @param msn number of the segment, which is the IV where none is given
   */
  async decrypt(
    bytes: Uint8Array,
    keys: readonly ListedKey[],
    msn: number,
    where: string,
  ): Promise<{ readonly bytes: Uint8Array; readonly encryption?: string }> {
    const [first] = keys;
    if (!first) return { bytes };
    const key = keys.find(({ method, format }) => method === "AES-128" && format === "identity");
    const secret = key?.url === undefined ? undefined : await this.#key(key.url);
    if (!key || !secret) return { bytes, encryption: first.method };
    try {
      const decipher = createDecipheriv("aes-128-cbc", secret, ivOf(key, msn));
      return { bytes: new Uint8Array(Buffer.concat([decipher.update(bytes), decipher.final()])) };
    } catch (error) {
      this.#report({
        rule: "decryption-failed",
        where,
        message: error instanceof Error ? error.message : String(error),
      });
      return { bytes, encryption: key.method };
    }
  }

  #key(url: string): Promise<Uint8Array | undefined> {
    let key = this.#keys.get(url);
    if (!key) {
      if (this.#keys.size === MAX_KEYS) this.#keys.delete(this.#keys.keys().next().value ?? "");
      this.#keys.set(url, (key = this.#fetchKey(url)));
    }
    return key;
  }

  async #fetchKey(url: string): Promise<Uint8Array | undefined> {
    const { status, body, error } = await this.#fetcher.get("key", url);
    if (status !== 200 || error) {
      this.#report({ rule: "not-checked", where: url, message: `the key could not be had (${error ?? status})` });
      return undefined;
    }
    if (body.length === KEY_BYTES) return body;
    this.#report({ rule: "key-unusable", where: url, message: `${body.length} octets` });
    return undefined;
  }
}

function ivOf({ iv }: ListedKey, msn: number): Uint8Array {
  const digits = iv === undefined ? msn.toString(16) : iv.slice(2);
  return Buffer.from(digits.padStart(32, "0").slice(-32), "hex");
}
