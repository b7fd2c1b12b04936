import type { ListenAddress } from "../../config/units.ts";
import type { CertificatePair, CertificateSource } from "../certificate.ts";
import type { HttpConfig } from "./config.ts";
import type { HttpsConfig } from "./https-config.ts";

/** What viewers are served by. */
export type ServingConfig = {
  readonly config: HttpConfig;
  readonly https?: HttpsConfig;
  /** Without, there is no HTTPS. */
  readonly certificates?: CertificateSource;
};

/** Where viewers are served, and how, at a moment. Plain data, which can be handed to a thread as it is. */
export type Serving = {
  readonly config: HttpConfig;
  readonly listen: readonly ListenAddress[];
  readonly secure: SecureServing | undefined;
  /** Answers to a certificate authority by their tokens (RFC 8555 8.3). */
  readonly challenges: Readonly<Record<string, string>>;
};

export type SecureServing = {
  readonly listen: readonly ListenAddress[];
  readonly certificate: CertificatePair;
  readonly http3: boolean;
  /** Those who come by plain HTTP are sent here. */
  readonly redirect: boolean;
};

export function toServing({ config, https, certificates }: ServingConfig): Serving {
  return {
    config,
    listen: config.listen,
    secure: https && certificates && { ...https, certificate: certificates.current },
    challenges: certificates?.challenges ?? {},
  };
}
