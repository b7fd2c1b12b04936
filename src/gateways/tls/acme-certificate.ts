import type { Log } from "../../log.ts";
import type { CertificatePair } from "../certificate.ts";
import { type AcmeOrder, makeAccountKey, obtainCertificate } from "./acme.ts";
import type { AcmeConfig } from "./config.ts";
import { type CertificateFacts, checkPair } from "./pair.ts";
import { type Attempts, covers, formatAttempts, nextAttempt, parseAttempts } from "./renewal.ts";
import type { SecretStore } from "./store.ts";

export type AcmeCertificateOptions = {
  readonly config: AcmeConfig;
  readonly store: SecretStore;
  readonly setChallenge: AcmeOrder["setChallenge"];
  readonly obtained: (pair: CertificatePair) => void;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly wallclock: () => number;
  /** Asks the authority; another in tests. */
  readonly obtain?: (order: AcmeOrder) => Promise<CertificatePair>;
};

/** Asks an authority for a certificate ahead of the old one's end, and keeps what it gives. */
export class AcmeCertificate {
  readonly #options: AcmeCertificateOptions;
  readonly #names: { readonly pair: string; readonly account: string; readonly attempts: string };
  #facts: CertificateFacts | undefined;
  #attempts: Attempts;
  #asking = false;

  constructor(options: AcmeCertificateOptions) {
    this.#options = options;
    const authority = new URL(options.config.directory).host.replace(":", "-");
    this.#names = {
      pair: `acme-${authority}.pem`,
      account: `acme-${authority}.account.pem`,
      attempts: `acme-${authority}.json`,
    };
    this.#attempts = parseAttempts(options.store.read(this.#names.attempts));
  }

  /** The one that was obtained before, while it is valid for all of the names. */
  kept(): CertificatePair | undefined {
    const pem = this.#options.store.read(this.#names.pair);
    if (pem === undefined) return undefined;
    const pair = { certificate: pem, key: pem };
    try {
      this.#facts = checkPair(pair);
    } catch {
      return undefined;
    }
    const { config, wallclock } = this.#options;
    return wallclock() < this.#facts.validTo && covers(this.#facts, config.domains) ? pair : undefined;
  }

  /** To be called every few seconds; asks when it is time. Never rejects. */
  async look(): Promise<void> {
    const { config, wallclock, store, log } = this.#options;
    if (this.#asking || wallclock() < nextAttempt(this.#facts, config.domains, this.#attempts)) return;
    this.#asking = true;
    const failures = this.#attempts.failures + 1;
    try {
      // Counted before it is made, so that an attempt that ends the process counts, too.
      this.#remember({ failures, at: wallclock() });
      if (!store.lasting)
        throw new Error("nothing can be kept on disk, and an authority gives only a few certificates a week");
      const pair = await this.#order();
      this.#facts = checkPair(pair);
      store.write(this.#names.pair, `${pair.certificate.trim()}\n${pair.key.trim()}\n`);
      this.#remember({ failures: 0, at: wallclock() });
      const until = new Date(this.#facts.validTo).toISOString();
      log.info("certificate obtained", { domains: config.domains.join(","), until });
      this.#options.obtained(pair);
    } catch (error) {
      const [reason] = (error instanceof Error ? error.message : String(error)).split("\n");
      const next = new Date(nextAttempt(this.#facts, config.domains, this.#attempts)).toISOString();
      log.error("no certificate from the authority", { domains: config.domains.join(","), reason, next });
    } finally {
      this.#asking = false;
    }
  }

  async #order(): Promise<CertificatePair> {
    const { config, store, setChallenge, obtain = obtainCertificate } = this.#options;
    let accountKey = store.read(this.#names.account);
    if (accountKey === undefined) {
      accountKey = await makeAccountKey();
      store.write(this.#names.account, accountKey);
    }
    return obtain({ config, accountKey, setChallenge });
  }

  #remember(attempts: Attempts): void {
    this.#attempts = attempts;
    this.#options.store.write(this.#names.attempts, formatAttempts(attempts));
  }
}
