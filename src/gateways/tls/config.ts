import { z } from "zod";
import { duration } from "../../config/units.ts";

/** RFC 1123 2.1. A wildcard cannot be proven by HTTP. */
const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

const isHttps = (text: string): boolean => URL.canParse(text) && new URL(text).protocol === "https:";

const acmeSchema = z
  .strictObject({
    domains: z
      .array(z.string().regex(DOMAIN, "expected a name such as live.example.com"))
      .max(100)
      .default([])
      .describe(
        "Names to get a certificate for; to name one is to agree to the authority's terms of service. Empty turns ACME off.",
      ),
    email: z
      .string()
      .regex(/^[^@\s]+@[^@\s]+$/, "expected an e-mail address")
      .optional()
      .describe("Where the authority writes to the operator."),
    directory: z
      .string()
      .refine(isHttps, "expected an https:// URL")
      .default("https://acme-v02.api.letsencrypt.org/directory")
      .describe("URL of the authority's ACME directory."),
  })
  .prefault({});
export type AcmeConfig = z.output<typeof acmeSchema>;

/** Where the certificate of HTTPS and RTMPS comes from. */
export const tlsSchema = z
  .strictObject({
    certificate: z
      .string()
      .min(1)
      .optional()
      .describe(
        "PEM file of the certificate and its chain, read again when it changes. Without it, and without ACME, a self-signed one is made.",
      ),
    key: z
      .string()
      .min(1)
      .optional()
      .describe("PEM file of the certificate's private key; the file of the certificate when left out."),
    directory: z
      .string()
      .min(1)
      .optional()
      .describe("Where certificates that were made or obtained are kept; `tls` in the state directory when left out."),
    checkEvery: duration({ min: 100 }).default(5_000).describe("How often the files are looked at."),
    acme: acmeSchema.describe("Certificates from an authority by ACME (RFC 8555), proven over HTTP on port 80."),
  })
  .prefault({});
export type TlsConfig = z.output<typeof tlsSchema>;
