import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { CertificatePair } from "../certificate.ts";
import { ListenError } from "../listen.ts";
import { makeSelfSigned } from "../tls/self-signed.ts";
import { listenHttps } from "./listen.ts";
import type { TlsListener } from "./tls-listener.ts";

const PROTOCOLS = ["http1.1", "http2", "http3"] as const;

let first: CertificatePair;
let second: CertificatePair;
beforeAll(async () => {
  first = await makeSelfSigned(["127.0.0.1"], Date.now());
  second = await makeSelfSigned(["127.0.0.1"], Date.now());
});

const listeners: TlsListener[] = [];
afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.close();
});

type Answer = (request: Request) => Response | Promise<Response>;

function listen(answer: Answer = () => new Response("here"), address = { host: "127.0.0.1", port: 0 }, http3 = true) {
  const handlers = { fetch: answer, failed: () => new Response(null, { status: 500 }) };
  const opened = listenHttps([address], handlers, { certificate: first, http3 });
  listeners.push(...opened);
  return opened[0] as TlsListener;
}

function get(
  { address }: TlsListener,
  protocol: (typeof PROTOCOLS)[number],
  { trusted, path = "/", ...init }: RequestInit & { trusted?: CertificatePair; path?: string } = {},
): Promise<Response> {
  return fetch(`https://127.0.0.1:${address.port}${path}`, {
    ...init,
    protocol,
    keepalive: false,
    // Bun's client by HTTP/3 cannot be told whom to trust; test/interop/tls.test.ts has a browser that can.
    tls: trusted && protocol !== "http3" ? { ca: trusted.certificate } : { rejectUnauthorized: false },
  });
}

/** Over this many bytes, an answer is still being sent when the certificate changes. */
const LARGE = 8 * 1024 ** 2;

describe.each(PROTOCOLS)("by %s", (protocol) => {
  test("shows its certificate, and another one when told", async () => {
    const listener = listen();
    expect(await (await get(listener, protocol, { trusted: first })).text()).toBe("here");
    await listener.replaceCertificate(second);
    expect(await (await get(listener, protocol, { trusted: second })).text()).toBe("here");
    if (protocol !== "http3") await expect(get(listener, protocol, { trusted: first })).rejects.toThrow();
  });

  test("requests that wait and answers on their way outlive a change of the certificate", async () => {
    const held = Promise.withResolvers<void>();
    const listener = listen(async (request) => {
      if (request.url.endsWith("/large")) return new Response(new Uint8Array(LARGE));
      await held.promise;
      return new Response("late");
    });
    const waiting = get(listener, protocol);
    const large = await get(listener, protocol, { path: "/large" });
    await Bun.sleep(50);
    const replaced = listener.replaceCertificate(second);
    await Bun.sleep(100);
    held.resolve();
    expect(await (await waiting).text()).toBe("late");
    expect((await large.bytes()).length).toBe(LARGE);
    await replaced;
    expect((await get(listener, protocol, { trusted: second })).status).toBe(200);
  });

  test("a client that leaves is noticed", async () => {
    const left = Promise.withResolvers<void>();
    const listener = listen((request) => {
      request.signal.addEventListener("abort", () => left.resolve());
      return new Promise(() => {});
    });
    const leaving = new AbortController();
    const request = get(listener, protocol, { signal: leaving.signal });
    await Bun.sleep(100);
    leaving.abort();
    await expect(request).rejects.toThrow();
    await left.promise;
  });
});

test("says that there is HTTP/3, by TCP only and only when there is", async () => {
  const listener = listen();
  const port = listener.address.port;
  expect((await get(listener, "http1.1")).headers.get("alt-svc")).toBe(`h3=":${port}"; ma=86400`);
  expect((await get(listener, "http2")).headers.get("alt-svc")).toBe(`h3=":${port}"; ma=86400`);
  expect((await get(listener, "http3")).headers.get("alt-svc")).toBeNull();
  const without = listen(undefined, undefined, false);
  expect((await get(without, "http2")).headers.get("alt-svc")).toBeNull();
  await expect(get(without, "http3", { signal: AbortSignal.timeout(300) })).rejects.toThrow();
});

test("a second change while the first is carried out wins", async () => {
  const third = await makeSelfSigned(["127.0.0.1"], Date.now());
  const listener = listen();
  await Promise.all([listener.replaceCertificate(second), listener.replaceCertificate(third)]);
  for (const protocol of PROTOCOLS) expect((await get(listener, protocol, { trusted: third })).status).toBe(200);
});

test("a viewer by QUIC who takes nothing does not hold the change up for long", async () => {
  const listener = listen(() => new Response(new Uint8Array(LARGE)));
  await get(listener, "http3");
  const began = performance.now();
  await listener.replaceCertificate(second);
  expect(performance.now() - began).toBeLessThan(3_000);
  expect((await get(listener, "http3", { trusted: second })).status).toBe(200);
});

test("a UDP port that another program has is told apart, and the TCP port is given back", async () => {
  const before = listen();
  const { address } = before;
  await before.close();
  const taken = await Bun.udpSocket({ hostname: address.host, port: address.port });
  try {
    let refusal: unknown;
    try {
      listen(undefined, address);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(ListenError);
    expect(String(refusal)).toMatch(/another program uses the UDP port, for HTTP\/3\. .*https\.http3/);
    expect((await get(listen(undefined, address, false), "http2")).status).toBe(200);
  } finally {
    taken.close();
  }
});
