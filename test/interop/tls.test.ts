import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash, X509Certificate } from "node:crypto";
import { readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:tls";
import type { CertificatePair } from "../../src/gateways/certificate.ts";
import { makeSelfSigned } from "../../src/gateways/tls/self-signed.ts";
import { Chromium, watchVideo } from "../support/clients/chromium.ts";
import { decodeWithFfmpeg, publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { Pebble } from "../support/clients/pebble.ts";
import { clip } from "../support/clips.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import { faultsOf, faultsOfVideo } from "../support/playback.ts";
import { freePort } from "../support/ports.ts";
import { run, sleep, until } from "../support/process.ts";
import { testWith } from "../support/requires.ts";

/** How long each player plays. `TEST_SECONDS=60` for a thorough run. */
const SECONDS = Number(process.env.TEST_SECONDS ?? 8);
const TIMEOUT_MS = SECONDS * 1000 + 60_000;

/**
 * A browser that knows HTTP/3 by Alt-Svc goes by TCP in the moment in which the UDP port changes hands. One that is forced to QUIC, as
 * Chromium must be for a certificate of no authority, can only ask again, which hls.js does: the picture may not show it.
 */
const BETWEEN_QUIC_SERVERS = "net::ERR_QUIC_HANDSHAKE_FAILED";

/** A pair of files that are links, as certbot has them. */
class LinkedPair implements Disposable {
  readonly #directory = new TemporaryDirectory();
  readonly certificate = this.#directory.join("fullchain.pem");
  readonly key = this.#directory.join("privkey.pem");
  #generation = 0;

  /** Points the links to another pair, first that of the certificate. */
  set(pair: CertificatePair): void {
    this.#generation++;
    for (const [link, text] of [
      [this.certificate, pair.certificate],
      [this.key, pair.key],
    ] as const) {
      const target = `${link}.${this.#generation}`;
      writeFileSync(target, text);
      symlinkSync(target, `${link}.new`);
      renameSync(`${link}.new`, link);
    }
  }

  [Symbol.dispose](): void {
    this.#directory[Symbol.dispose]();
  }
}

describe("a stream that is published by RTMPS", () => {
  const files = new LinkedPair();
  let pair: CertificatePair;
  let naru: Naru;
  let publisher: AsyncDisposable | undefined;
  beforeAll(async () => {
    pair = await makeSelfSigned(["localhost", "127.0.0.1"], Date.now());
    files.set(pair);
    const tls = { certificate: files.certificate, key: files.key, checkEvery: "200ms" };
    naru = await startNaru({ tls: true, config: { tls } });
    publisher = publishWithFfmpeg(await clip("h264-aac"), naru.securePublishUrl("live/test"), { loop: true });
    await naru.live("live/test");
  }, 60_000);
  afterAll(async () => {
    await publisher?.[Symbol.asyncDispose]();
    await naru?.[Symbol.asyncDispose]();
    files[Symbol.dispose]();
  });

  testWith("ffmpeg")(
    "ffmpeg plays it by HTTPS",
    async () => {
      const decoded = await decodeWithFfmpeg(`${naru.https}/live/test/index.m3u8`, SECONDS);
      expect(faultsOf(decoded, SECONDS)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  testWith("ffmpeg", "curl")("curl reads it by HTTP/1.1 and HTTP/2, and is told of HTTP/3", async () => {
    for (const [flag, version] of [
      ["--http1.1", "1.1"],
      ["--http2", "2"],
    ] as const) {
      const ask = (...args: string[]) =>
        run("curl", ["-s", "-i", "--cacert", files.certificate, "-w", "\n%{http_version}", flag, ...args]);
      const url = `${naru.https}/live/test/main.m3u8`;
      const answer = await ask(url);
      expect(answer).toEndWith(`\n${version}`);
      expect(answer).toMatch(/^HTTP\/\S+ 200/);
      expect(answer).toContain(`alt-svc: h3=":${naru.ports.https}"`);
      const [, msn] = /main\/(\d+)\.m4s/.exec(answer) ?? [];
      const part = await ask("-r", "100-199", `${naru.https}/live/test/main/${msn}.m4s`, "-o", "/dev/null", "-D", "-");
      expect(part).toMatch(/^HTTP\/\S+ 206/);
      expect(part.match(/content-range: bytes 100-199\/\d+/gi)).toHaveLength(1);
      const head = await ask("-I", url);
      expect(head).toMatch(/^HTTP\/\S+ 200/);
      expect(head.match(/^date:/gim)).toHaveLength(1);
      expect(await ask("-H", `x: ${"a".repeat(20_000)}`, url)).toMatch(/^HTTP\/\S+ 431/);
    }
  });

  /** hls.js on the watch page, and by which protocol its requests went. */
  async function watch(chromium: Chromium, during: () => Promise<void> = async () => {}) {
    const { page, complaints } = await chromium.open(`${naru.https}/live/test?player=hls`);
    const VIDEO = "document.querySelector('video')";
    await page.evaluate("performance.setResourceTimingBufferSize(10_000)");
    await page.waitForFunction(`${VIDEO} && ${VIDEO}.readyState >= 3 && ${VIDEO}.currentTime > 0`, { timeout: 20_000 });
    // hls.js settles at its distance from the live edge before it is held to account.
    await sleep(1000);
    const watching = watchVideo(page, SECONDS);
    await during();
    const samples = await watching;
    const entries = `performance.getEntriesByType("resource").filter(({ name }) => /\\.(m4s|m3u8)(\\?|$)/.test(name))`;
    const protocols = (await page.evaluate(`${entries}.map((entry) => entry.nextHopProtocol)`)) as string[];
    const blocking = (await page.evaluate(`${entries}.filter(({ name }) => /_HLS_msn/.test(name)).length`)) as number;
    return { complaints, faults: faultsOfVideo(samples), protocols: new Set(protocols.filter(Boolean)), blocking };
  }

  const trusting = (...pairs: readonly CertificatePair[]) =>
    `--ignore-certificate-errors-spki-list=${pairs.map(fingerprint).join(",")}`;
  const forcingQuic = () => `--origin-to-force-quic-on=127.0.0.1:${naru.ports.https}`;

  for (const protocol of ["h2", "h3"] as const) {
    testWith("ffmpeg", "chromium")(
      `Chromium plays it with hls.js by ${protocol}, and does not notice that the certificate changes`,
      async () => {
        const next = await makeSelfSigned(["localhost", "127.0.0.1"], Date.now());
        const quic = protocol === "h3" ? [forcingQuic()] : [];
        await using chromium = await Chromium.launch([trusting(pair, next), ...quic]);
        const watched = await watch(chromium, async () => {
          await sleep((SECONDS * 1000) / 3);
          files.set(next);
          pair = next;
        });
        expect(naru.process.output).toMatch(/the certificate was replaced/);
        expect(watched.complaints.filter((complaint) => !complaint.includes(BETWEEN_QUIC_SERVERS))).toEqual([]);
        expect(watched.faults).toEqual([]);
        expect(watched.protocols).toEqual(new Set([protocol]));
        expect(watched.blocking).toBeGreaterThan(SECONDS);
        // A browser that trusts the new one only.
        await using other = await Chromium.launch([trusting(next), ...quic]);
        const { page } = await other.open(`${naru.https}/health`);
        expect(await page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol")).toBe(protocol);
      },
      TIMEOUT_MS,
    );
  }

  testWith("ffmpeg")("a key without its certificate is refused in a line, and the old pair stays", async () => {
    const other = await makeSelfSigned(["127.0.0.1"], Date.now());
    files.set({ certificate: pair.certificate, key: other.key });
    await naru.process.waitFor(/the new certificate is not used, the old one stays .*is not the private key/);
    expect(await shownCertificate(naru.ports.https)).toBe(fingerprint(pair));
    expect(await shownCertificate(naru.ports.rtmps)).toBe(fingerprint(pair));
    files.set(other);
    const shown = async () => (await shownCertificate(naru.ports.https)) === fingerprint(other) || undefined;
    await until("the new certificate", 5000, shown);
    expect(await shownCertificate(naru.ports.rtmps)).toBe(fingerprint(other));
    pair = other;
    // None of it has disturbed the encoder.
    expect(naru.process.output.match(/publish started/g)).toHaveLength(1);
  });
});

describe("certificates", () => {
  testWith("pebble")(
    "one from an authority comes while the server runs, and is there after a restart",
    async () => {
      const http = await freePort();
      await using pebble = await Pebble.start(http);
      const acme = { domains: ["live.example.test", "www.example.test"], directory: pebble.directory };
      await using naru = await startNaru({
        tls: true,
        ports: { http },
        env: pebble.env,
        config: { tls: { acme, checkEvery: "200ms" }, https: { redirect: true } },
      });
      expect(naru.process.output).toContain("browsers warn until the authority has given a certificate");
      await naru.process.waitFor(/certificate obtained domains=live\.example\.test,www\.example\.test/, 30_000);
      const names = async (port: number) => (await peerCertificate(port)).subjectAltName?.split(", ").sort();
      const wanted = ["DNS:live.example.test", "DNS:www.example.test"];
      expect(await names(naru.ports.https)).toEqual(wanted);
      expect(await names(naru.ports.rtmps)).toEqual(wanted);
      // All else by plain HTTP is sent to HTTPS.
      const sent = await fetch(`${naru.http}/live/a/index.m3u8`, { redirect: "manual" });
      expect(sent.headers.get("location")).toBe(`${naru.https}/live/a/index.m3u8`);

      const before = pebble.issued;
      await naru.restart("SIGTERM");
      await sleep(1000);
      expect(await names(naru.ports.https)).toEqual(wanted);
      expect(pebble.issued).toBe(before);
    },
    60_000,
  );

  testWith("pebble")(
    "an authority that finds nobody is asked again later, and viewers are served meanwhile",
    async () => {
      await using pebble = await Pebble.start(await freePort());
      const acme = { domains: ["live.example.test"], directory: pebble.directory };
      await using naru = await startNaru({
        tls: true,
        env: pebble.env,
        config: { tls: { acme, checkEvery: "200ms" } },
      });
      const [line] = await naru.process.waitFor(/.*no certificate from the authority.*/, 30_000);
      expect(line).toMatch(/reason=.* next=/);
      await sleep(1000);
      expect(naru.process.output.match(/no certificate from the authority/g)).toHaveLength(1);
      expect((await fetch(`${naru.https}/health`, { tls: { rejectUnauthorized: false } })).status).toBe(200);
    },
    60_000,
  );

  test("a self-signed one is made at the first start and kept", async () => {
    await using naru = await startNaru({ tls: true });
    expect(naru.process.output).toMatch(/HTTPS +https:\S+ +browsers warn as the certificate is self-signed/);
    const shown = await shownCertificate(naru.ports.https);
    expect(readFileSync(naru.directory.join("state/tls/self-signed.pem"), "utf8")).toContain("PRIVATE KEY");
    await naru.restart("SIGTERM");
    expect(await shownCertificate(naru.ports.https)).toBe(shown);
  }, 30_000);
});

/** The hash of its public key, as Chromium names it. */
function fingerprint({ certificate }: CertificatePair): string {
  return hashOfKey(new X509Certificate(certificate));
}

function hashOfKey(certificate: X509Certificate): string {
  const key = certificate.publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("base64");
}

async function shownCertificate(port: number): Promise<string> {
  return hashOfKey(await peerCertificate(port));
}

/** Tried again: while a certificate changes, Bun resets connections that are in their handshake. */
function peerCertificate(port: number): Promise<X509Certificate> {
  return until("a TLS handshake", 5000, () => handshake(port));
}

function handshake(port: number): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw));
      socket.destroy();
    });
    socket.on("error", reject);
  });
}
