/** A certificate with its chain, and its private key, as PEM text. */
export type CertificatePair = { readonly certificate: string; readonly key: string };

/** The certificate that listeners show now, and what else certificates need of them. */
export interface CertificateSource {
  readonly current: CertificatePair;
  /** What a certificate authority asks for by plain HTTP (RFC 8555 8.3): the answers by their tokens. */
  readonly challenges: Readonly<Record<string, string>>;
  /**
   * `listener` is called when either has changed, and resolves when that holds on every address.
   * @returns what ends it
   */
  onChange(listener: () => void | Promise<void>): () => void;
}
