import type { Log } from "../../log.ts";
import type { CertificatePair, CertificateSource } from "../certificate.ts";
import { AcmeCertificate } from "./acme-certificate.ts";
import type { TlsConfig } from "./config.ts";
import { SelfSigned } from "./self-signed.ts";
import { SecretStore } from "./store.ts";
import { WatchedFiles } from "./watched-files.ts";

export type CertificatesOptions = {
  readonly config: TlsConfig;
  /** Where certificates are kept that were made or obtained; undefined when there is no such place. */
  readonly directory: string | undefined;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly wallclock: () => number;
};

/** The certificate that the server shows, wherever it comes from. */
export interface Certificates extends CertificateSource {
  readonly origin: "files" | "acme" | "self-signed";
  close(): void;
}

/**
 * Reads, makes or begins to obtain the certificate of the configuration.
 * @throws CertificateError when the configured files cannot be used
 */
export async function openCertificates(options: CertificatesOptions): Promise<Certificates> {
  const { config, log, wallclock } = options;
  const listeners = new Set<() => void | Promise<void>>();
  const tell = async () => {
    await Promise.all([...listeners].map((listener) => listener()));
  };
  let current: { readonly pair: CertificatePair; readonly origin: Certificates["origin"] };
  let challenges: Readonly<Record<string, string>> = {};
  const show = (pair: CertificatePair, origin: Certificates["origin"]): void => {
    current = { pair, origin };
    tell().catch((error) => log.error("a listener does not show the new certificate", { error: String(error) }));
  };

  let look: () => void | Promise<void>;
  if (config.certificate !== undefined) {
    const { certificate, key = certificate } = config;
    const files = new WatchedFiles({ certificate, key, changed: (pair) => show(pair, "files"), log });
    current = { pair: files.pair, origin: "files" };
    look = () => files.look();
  } else {
    const store = new SecretStore(options.directory, log);
    const selfSigned = new SelfSigned(store);
    const acme =
      config.acme.domains.length === 0
        ? undefined
        : new AcmeCertificate({
            config: config.acme,
            store,
            obtained: (pair) => show(pair, "acme"),
            setChallenge: async (token, answer) => {
              const { [token]: _, ...others } = challenges;
              challenges = answer === undefined ? others : { ...others, [token]: answer };
              await tell();
            },
            log,
            wallclock,
          });
    const obtained = acme?.kept();
    current = obtained
      ? { pair: obtained, origin: "acme" }
      : { pair: await selfSigned.at(wallclock()), origin: "self-signed" };
    look = async () => {
      if (acme) return acme.look();
      const pair = await selfSigned.at(wallclock());
      if (pair.certificate !== current.pair.certificate) show(pair, "self-signed");
    };
  }

  const timer = setInterval(async () => {
    try {
      await look();
    } catch (error) {
      log.error("the certificate cannot be renewed", { error: String(error) });
    }
  }, config.checkEvery);
  timer.unref();
  return {
    get current() {
      return current.pair;
    },
    get origin() {
      return current.origin;
    },
    get challenges() {
      return challenges;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => clearInterval(timer),
  };
}
