import type { CertificatePair } from "../certificate.ts";
import type { AcmeConfig } from "./config.ts";

export type AcmeOrder = {
  readonly config: AcmeConfig;
  /** PEM; what the authority knows us by. */
  readonly accountKey: string;
  /** Makes an answer be given to who asks by HTTP for the token, or no longer; resolves when it is so on every address. */
  readonly setChallenge: (token: string, answer: string | undefined) => Promise<void>;
};

/** For all of an order: a working authority takes less than a minute. */
const ORDER_MS = 300_000;
const REQUEST_MS = 30_000;
const POLL_MS = { min: 1_000, max: 15_000 };

/** A new account's private key, as PEM. */
export async function makeAccountKey(): Promise<string> {
  const { crypto } = await import("acme-client");
  return (await crypto.createPrivateEcdsaKey("P-256")).toString();
}

/**
 * Obtains a certificate for the configured names, each proven by HTTP-01 (RFC 8555 8.3).
 * @throws Error with what the authority said
 */
export async function obtainCertificate({ config, accountKey, setChallenge }: AcmeOrder): Promise<CertificatePair> {
  const { Client, axios, crypto } = await import("acme-client");
  axios.defaults.timeout = REQUEST_MS;
  const client = new Client({
    directoryUrl: config.directory,
    accountKey,
    backoffAttempts: 20,
    backoffMin: POLL_MS.min,
    backoffMax: POLL_MS.max,
  });
  const [key, request] = await crypto.createCsr(
    { altNames: [...config.domains] },
    await crypto.createPrivateEcdsaKey(),
  );
  const order = client.auto({
    csr: request,
    termsOfServiceAgreed: true,
    ...(config.email === undefined ? {} : { email: config.email }),
    challengePriority: ["http-01"],
    // Whether our own address can be reached from here says nothing of whether it can from the authority.
    skipChallengeVerification: true,
    challengeCreateFn: (_, challenge, answer) => setChallenge(challenge.token, answer),
    challengeRemoveFn: (_, challenge) => setChallenge(challenge.token, undefined),
  });
  return { certificate: await within(order), key: key.toString() };
}

async function within<T>(order: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no certificate after ${ORDER_MS / 1000} s`)), ORDER_MS);
    timer.unref();
  });
  try {
    return await Promise.race([order, late]);
  } finally {
    clearTimeout(timer);
  }
}
