import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Log, silentLog } from "../../log.ts";
import type { CertificatePair } from "../certificate.ts";
import type { AcmeOrder } from "./acme.ts";
import { AcmeCertificate } from "./acme-certificate.ts";
import { type Certificates, openCertificates } from "./certificates.ts";
import { tlsSchema } from "./config.ts";
import { makeSelfSigned } from "./self-signed.ts";
import { SecretStore } from "./store.ts";
import { WatchedFiles } from "./watched-files.ts";

const DAY = 86_400_000;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "certificates-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function listen(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const line: Log["info"] = (message, fields) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  return { log: { ...silentLog, info: line, warn: line, error: line }, lines };
}

describe("self-signed", () => {
  async function open(at: number, where: string | undefined = directory, log = silentLog): Promise<Certificates> {
    const config = tlsSchema.parse({});
    const opened = await openCertificates({ config, directory: where, log, wallclock: () => at });
    opened.close();
    return opened;
  }

  test("is made at the first start, kept for the owner alone, and made again before it ends", async () => {
    const first = await open(0, join(directory, "a/b"));
    expect(first.origin).toBe("self-signed");
    const file = join(directory, "a/b/self-signed.pem");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, "a/b")).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(directory, "a/b"))).toEqual(["self-signed.pem"]);
    expect((await open(300 * DAY, join(directory, "a/b"))).current).toEqual(first.current);
    expect((await open(380 * DAY, join(directory, "a/b"))).current).not.toEqual(first.current);
  });

  test("one that cannot be read is made again", async () => {
    writeFileSync(join(directory, "self-signed.pem"), "not one");
    const made = await open(0);
    expect((await open(0)).current).toEqual(made.current);
  });

  test("where nothing can be written it is in memory, and that is said in a line", async () => {
    writeFileSync(join(directory, "file"), "");
    for (const where of [join(directory, "file/tls"), undefined]) {
      const { log, lines } = listen();
      const config = tlsSchema.parse({});
      const opened = await openCertificates({ config, directory: where, log, wallclock: () => 0 });
      opened.close();
      expect(opened.current.certificate).toContain("BEGIN CERTIFICATE");
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain("in memory only");
    }
  });
});

describe("files", () => {
  const at = (name: string) => join(directory, name);
  let first: CertificatePair;
  let second: CertificatePair;
  beforeEach(async () => {
    [first, second] = [await makeSelfSigned(["a"], 0), await makeSelfSigned(["a"], 0)];
    writeFileSync(at("c1"), first.certificate);
    writeFileSync(at("k1"), first.key);
    writeFileSync(at("c2"), second.certificate);
    writeFileSync(at("k2"), second.key);
    symlinkSync("c1", at("cert"));
    symlinkSync("k1", at("key"));
  });
  const point = (link: string, target: string) => {
    unlinkSync(at(link));
    symlinkSync(target, at(link));
  };

  test("a pair replaced by links, one after the other, is taken when both fit", () => {
    const { log, lines } = listen();
    const shown: CertificatePair[] = [];
    const files = new WatchedFiles({
      certificate: at("cert"),
      key: at("key"),
      changed: (pair) => void shown.push(pair),
      log,
    });
    files.look();
    expect(shown).toEqual([]);
    point("cert", "c2");
    files.look();
    files.look();
    expect(shown).toEqual([]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/old one stays.*key: it is not the private key/);
    point("key", "k2");
    files.look();
    files.look();
    expect(shown).toEqual([second]);
    expect(files.pair).toEqual(second);
    expect(lines).toHaveLength(2);
  });

  test("a file that is half written, gone, or written in place", () => {
    const { log, lines } = listen();
    const shown: CertificatePair[] = [];
    const changed = (pair: CertificatePair) => void shown.push(pair);
    const files = new WatchedFiles({ certificate: at("cert"), key: at("key"), changed, log });
    writeFileSync(at("c1"), second.certificate.slice(0, 300));
    files.look();
    unlinkSync(at("cert"));
    files.look();
    expect(shown).toEqual([]);
    expect(lines.map((line) => /no PEM certificate|no such file/.exec(line)?.[0])).toEqual([
      "no PEM certificate",
      "no such file",
    ]);
    writeFileSync(at("k1"), second.key);
    writeFileSync(at("cert"), second.certificate);
    files.look();
    expect(shown).toEqual([second]);
  });

  test("the same pair written again changes nothing", () => {
    const { log, lines } = listen();
    const changed = () => expect.unreachable();
    const files = new WatchedFiles({ certificate: at("cert"), key: at("key"), changed, log });
    writeFileSync(at("c1"), first.certificate);
    files.look();
    expect(lines).toEqual([]);
  });

  test("tell who listens", async () => {
    const config = tlsSchema.parse({ certificate: at("cert"), key: at("key"), checkEvery: "100ms" });
    const opened = await openCertificates({ config, directory: undefined, log: silentLog, wallclock: () => 0 });
    try {
      expect(opened.origin).toBe("files");
      const changed = new Promise<void>((resolve) => opened.onChange(resolve));
      point("key", "k2");
      point("cert", "c2");
      await changed;
      expect(opened.current).toEqual(second);
    } finally {
      opened.close();
    }
  });
});

describe("of an authority", () => {
  const config = tlsSchema.parse({ acme: { domains: ["a.example"], directory: "https://ca.example:14000/dir" } }).acme;
  let now = 0;
  let orders: AcmeOrder[] = [];
  let answer: () => Promise<CertificatePair>;
  beforeEach(() => {
    now = 1000 * DAY;
    orders = [];
    answer = () => makeSelfSigned(["a.example"], now);
  });

  function open(log = silentLog, names: readonly string[] = config.domains) {
    const shown: CertificatePair[] = [];
    const acme = new AcmeCertificate({
      config: { ...config, domains: [...names] },
      store: new SecretStore(directory, log),
      setChallenge: async () => {},
      obtained: (pair) => void shown.push(pair),
      log,
      wallclock: () => now,
      obtain: (order) => {
        orders.push(order);
        return answer();
      },
    });
    return { acme, shown };
  }

  test("is asked for once, kept over a restart, and asked for again when a third of its time is left", async () => {
    const { acme, shown } = open();
    expect(acme.kept()).toBeUndefined();
    await acme.look();
    await acme.look();
    expect(orders).toHaveLength(1);
    expect(shown).toHaveLength(1);
    expect(readdirSync(directory).sort()).toEqual([
      "acme-ca.example-14000.account.pem",
      "acme-ca.example-14000.json",
      "acme-ca.example-14000.pem",
    ]);
    const again = open();
    expect(again.acme.kept()?.certificate).toContain(shown[0]?.certificate.trim());
    await again.acme.look();
    expect(orders).toHaveLength(1);
    now += 264 * DAY;
    await again.acme.look();
    expect(orders).toHaveLength(2);
    expect(orders[1]?.accountKey).toBe(orders[0]?.accountKey as string);
  });

  test("is asked for when the names are others", async () => {
    await open().acme.look();
    const others = open(silentLog, ["a.example", "b.example"]);
    expect(others.acme.kept()).toBeUndefined();
    await others.acme.look();
    expect(orders).toHaveLength(2);
  });

  test("refused, is asked for later and later, also over restarts; a line says why and when", async () => {
    answer = () => Promise.reject(new Error("no such name\nat a place"));
    const { log, lines } = listen();
    const { acme, shown } = open(log);
    await acme.look();
    await acme.look();
    expect(lines).toEqual([expect.stringContaining('"reason":"no such name","next":')]);
    now += 59_000;
    await open().acme.look();
    expect(orders).toHaveLength(1);
    now += 1_000;
    await open().acme.look();
    expect(orders).toHaveLength(2);
    now += 9 * 60_000;
    await open().acme.look();
    expect(orders).toHaveLength(2);
    expect(shown).toEqual([]);
  });

  test("is not asked for where it cannot be kept", async () => {
    writeFileSync(join(directory, "file"), "");
    const { log, lines } = listen();
    const acme = new AcmeCertificate({
      config,
      store: new SecretStore(join(directory, "file/tls"), log),
      setChallenge: async () => {},
      obtained: () => expect.unreachable(),
      log,
      wallclock: () => now,
      obtain: () => expect.unreachable(),
    });
    await acme.look();
    expect(lines.at(-1)).toContain("nothing can be kept on disk");
  });

  test("a secret that others may read is not left so", async () => {
    const file = join(directory, "acme-ca.example-14000.pem");
    writeFileSync(file, "old");
    chmodSync(file, 0o644);
    await open().acme.look();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
