import { CertificateError, certificateFacts, readPair } from "../gateways/tls/pair.ts";
import type { Findings, Origins } from "./findings.ts";
import { formatPath, type KeyPath, type Mistake, type MistakeCode, type Notice } from "./mistake.ts";
import type { Config } from "./schema.ts";

/** Finds certificates that cannot be used, and settings of TLS that do not go together. Reads the files. */
export function checkTls({ tls, http, https, rtmps }: Config, { locate, source }: Origins): Findings {
  const mistakes: Mistake[] = [];
  const notices: Notice[] = [];
  const mistake = (code: MistakeCode, path: KeyPath, message: string, hint: string): void => {
    mistakes.push({ code, source: locate(path), path: formatPath(path), message, hint });
  };
  const notice = (path: KeyPath, message: string, hint: string): void => {
    notices.push({ source: source(path), path: formatPath(path), message, hint });
  };
  const listens = https.listen.length + rtmps.listen.length > 0;
  const { certificate, key = certificate, acme } = tls;
  const [domain] = acme.domains;

  if (certificate === undefined && tls.key !== undefined) {
    mistake("conflict", ["tls", "key"], "there is a key without a certificate", "add tls.certificate");
  }
  if (certificate !== undefined && domain !== undefined) {
    const message = "the certificate is given by files already";
    mistake("conflict", ["tls", "acme", "domains"], message, "remove tls.certificate, or the domains");
  }
  if (https.redirect && https.listen.length === 0) {
    const message = "viewers are sent to HTTPS, which is off";
    mistake("conflict", ["https", "redirect"], message, "give it an address: https.listen, --https 8443");
  }
  if (certificate !== undefined && key !== undefined && listens) {
    try {
      warnOfTime(readPair(certificate, key).certificate, certificate, notice);
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      const hint = "both are PEM files, such as fullchain.pem and privkey.pem of certbot";
      mistake("certificate", ["tls", tls.key === undefined ? "certificate" : error.part], error.message, hint);
    }
  }
  if (domain !== undefined && listens && !http.listen.some(({ port }) => port === 80)) {
    const message = `an authority asks for http://${domain}/ on port 80, where nothing listens here`;
    notice(["tls", "acme", "domains"], message, "add 80 to http.listen, unless something else sends port 80 here");
  }
  if (!listens && (certificate ?? domain) !== undefined) {
    notice(["tls"], "the certificate is not used: HTTPS and RTMPS are off", "give one an address: https.listen");
  }
  return { mistakes, notices };
}

function warnOfTime(pem: string, file: string, notice: (path: KeyPath, message: string, hint: string) => void): void {
  const { validFrom, validTo } = certificateFacts(pem);
  const path = ["tls", "certificate"];
  if (validTo < Date.now()) notice(path, `${file} has expired on ${day(validTo)}`, "browsers refuse it; renew it");
  if (validFrom > Date.now())
    notice(path, `${file} is valid from ${day(validFrom)} on`, "look at this machine's clock");
}

const day = (time: number): string => new Date(time).toISOString().slice(0, 10);
