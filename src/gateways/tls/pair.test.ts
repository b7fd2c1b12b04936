import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CertificatePair } from "../certificate.ts";
import { CertificateError, certificateFacts, checkPair, readPair } from "./pair.ts";
import { makeSelfSigned } from "./self-signed.ts";

const NOW = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;
let pair: CertificatePair;
let other: CertificatePair;
let directory: string;
beforeAll(async () => {
  pair = await makeSelfSigned(["live.example", "192.0.2.1"], NOW);
  other = await makeSelfSigned(["live.example"], NOW);
  directory = mkdtempSync(join(tmpdir(), "pair-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

test("a self-signed certificate says for whom it is, and from the day before for 397 days", () => {
  const facts = certificateFacts(pair.certificate);
  expect(facts).toEqual(checkPair(pair));
  expect(facts).toEqual({ names: ["live.example", "192.0.2.1"], validFrom: NOW - DAY, validTo: NOW + 396 * DAY });
});

test("what cannot be used says why, and whether the certificate or the key is to blame", () => {
  const cut = pair.certificate.replace(/\n.{64}\n/, "\n");
  const encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
  for (const [changed, part, message] of [
    [{ certificate: "" }, "certificate", "it holds no PEM certificate"],
    [{ certificate: pair.key }, "certificate", "it holds no PEM certificate"],
    [{ certificate: cut }, "certificate", "its certificate is malformed"],
    [{ certificate: pair.certificate + cut }, "certificate", "its certificate is malformed"],
    [{ key: "" }, "key", "it holds no PEM private key"],
    [{ key: pair.certificate }, "key", "it holds no PEM private key"],
    [{ key: pair.key.replace(/\n.{20}/, "\n") }, "key", "its private key is malformed"],
    [{ key: encrypted }, "key", "its key is encrypted"],
    [{ key: other.key }, "key", "it is not the private key of the certificate"],
  ] as const) {
    let refusal: unknown;
    try {
      checkPair({ ...pair, ...changed });
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(CertificateError);
    expect(refusal).toMatchObject({ part, message: expect.stringContaining(message) });
  }
});

test("files are read, also both from one; what is wrong names the file", () => {
  const [certificate, key, both] = ["c.pem", "k.pem", "both.pem"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(certificate, pair.certificate);
  writeFileSync(key, pair.key);
  writeFileSync(both, pair.key + pair.certificate);
  expect(readPair(certificate, key)).toEqual(pair);
  expect(checkPair(readPair(both, both)).names).toContain("live.example");
  const folder = join(directory, "folder");
  mkdirSync(folder);
  for (const [first, second, message] of [
    [join(directory, "none"), key, `${directory}/none: there is no such file`],
    [certificate, join(directory, "none"), `${directory}/none: there is no such file`],
    [folder, key, `${folder}: it is a directory`],
    [certificate, certificate, `${certificate}: it holds no PEM private key`],
    [key, key, `${key}: it holds no PEM certificate`],
  ] as const) {
    expect(() => readPair(first, second)).toThrow(message);
  }
});
