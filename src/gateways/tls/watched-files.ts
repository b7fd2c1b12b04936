import { statSync } from "node:fs";
import type { Log } from "../../log.ts";
import type { CertificatePair } from "../certificate.ts";
import { readPair } from "./pair.ts";

export type WatchedFilesOptions = {
  readonly certificate: string;
  readonly key: string;
  readonly changed: (pair: CertificatePair) => void;
  readonly log: Log;
};

/**
 * A pair of files that another program replaces now and then, also by pointing a symbolic link elsewhere. They are looked at, not
 * watched: what a watch on a link or on a mounted secret tells differs from system to system.
 */
export class WatchedFiles {
  #pair: CertificatePair;
  #seen: string;
  #refused: string | undefined;

  /** @throws CertificateError */
  constructor(private readonly options: WatchedFilesOptions) {
    this.#seen = this.#state();
    this.#pair = readPair(options.certificate, options.key);
  }

  get pair(): CertificatePair {
    return this.#pair;
  }

  /** To be called every few seconds. What cannot be used, such as a half-written file, changes nothing. */
  look(): void {
    const state = this.#state();
    if (state === this.#seen && this.#refused === undefined) return;
    this.#seen = state;
    const { certificate, key, log, changed } = this.options;
    let pair: CertificatePair;
    try {
      pair = readPair(certificate, key);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== this.#refused) log.warn("the new certificate is not used, the old one stays", { reason });
      this.#refused = reason;
      return;
    }
    this.#refused = undefined;
    if (pair.certificate === this.#pair.certificate && pair.key === this.#pair.key) return;
    this.#pair = pair;
    log.info("the certificate was replaced", { certificate });
    changed(pair);
  }

  /** Another value when one of the files, or what a link points to, is another or was written. */
  #state(): string {
    return [this.options.certificate, this.options.key].map(stateOf).join(" ");
  }
}

function stateOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
  return stat ? `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}` : "none";
}
