import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSelfSigned } from "../gateways/tls/self-signed.ts";
import { configSchema } from "./schema.ts";
import { checkTls } from "./tls-checks.ts";

const DAY = 86_400_000;
let directory: string;
const at = (name: string) => join(directory, name);
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "tls-checks-"));
  for (const [name, days] of [
    ["good", 0],
    ["expired", -500],
    ["early", 10],
  ] as const) {
    const pair = await makeSelfSigned(["a.example"], Date.now() + days * DAY);
    writeFileSync(at(`${name}.crt`), pair.certificate);
    writeFileSync(at(`${name}.key`), pair.key);
  }
});
afterAll(() => rmSync(directory, { recursive: true }));

function check(settings: object) {
  const source = () => ({ from: "default" }) as const;
  const { mistakes, notices } = checkTls(configSchema.parse(settings), { locate: source, source });
  return {
    mistakes: mistakes.map(({ code, path, message }) => `${code} ${path}: ${message}`),
    notices: notices.map(({ path, message }) => `${path}: ${message}`),
  };
}

const tls = (certificate: string, key?: string) => ({
  tls: { certificate: at(certificate), ...(key && { key: at(key) }) },
});

test("files that can be used", () => {
  expect(check(tls("good.crt", "good.key"))).toEqual({ mistakes: [], notices: [] });
});

test.each([
  ["none.crt", "good.key", "tls.certificate", "/none.crt: there is no such file"],
  ["good.crt", "none.key", "tls.key", "/none.key: there is no such file"],
  ["good.crt", "expired.key", "tls.key", "/expired.key: it is not the private key of the certificate"],
  ["good.crt", undefined, "tls.certificate", "/good.crt: it holds no PEM private key"],
])("%s with %s is a mistake that names the file", (certificate, key, path, message) => {
  const { mistakes } = check(tls(certificate, key));
  expect(mistakes).toEqual([expect.stringMatching(new RegExp(`^certificate ${path}: .*${message}$`))]);
  expect(check({ ...tls(certificate, key), https: { listen: [] } }).mistakes).toEqual([]);
});

test("a certificate out of its time is only warned of", () => {
  for (const [name, message] of [
    ["expired", /tls\.certificate: .*expired\.crt has expired on \d{4}-\d\d-\d\d$/],
    ["early", /tls\.certificate: .*early\.crt is valid from \d{4}-\d\d-\d\d on$/],
  ] as const) {
    const found = check(tls(`${name}.crt`, `${name}.key`));
    expect(found.mistakes).toEqual([]);
    expect(found.notices).toEqual([expect.stringMatching(message)]);
  }
});

test("settings that do not go together", () => {
  expect(check({ tls: { key: "k" } }).mistakes).toEqual(["conflict tls.key: there is a key without a certificate"]);
  expect(check({ https: { listen: [], redirect: true } }).mistakes).toEqual([
    "conflict https.redirect: viewers are sent to HTTPS, which is off",
  ]);
  const both = { tls: { ...tls("good.crt", "good.key").tls, acme: { domains: ["a.example"] } }, http: { listen: 80 } };
  expect(check(both).mistakes).toEqual(["conflict tls.acme.domains: the certificate is given by files already"]);
});

test("an authority needs port 80, and what is not used is named", () => {
  const acme = { tls: { acme: { domains: ["a.example"] } } };
  expect(check(acme).notices).toEqual([
    "tls.acme.domains: an authority asks for http://a.example/ on port 80, where nothing listens here",
  ]);
  expect(check({ ...acme, http: { listen: ["127.0.0.1:80"] } }).notices).toEqual([]);
  expect(check({ ...acme, https: { listen: [] } }).notices).toEqual([
    "tls: the certificate is not used: HTTPS and RTMPS are off",
  ]);
});

test("names and addresses of an authority that cannot be are refused", () => {
  for (const acme of [
    { domains: ["*.example.com"] },
    { domains: ["a b"] },
    { domains: ["http://a.example"] },
    { directory: "http://ca.example/" },
    { directory: "ca" },
    { email: "ops" },
  ]) {
    expect(configSchema.safeParse({ tls: { acme } }).success).toBe(false);
  }
});
