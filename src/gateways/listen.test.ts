import { describe, expect, test } from "bun:test";
import type { ListenAddress } from "../config/units.ts";
import { ListenError, listenOnAll } from "./listen.ts";

const refusal = (code: string) => Object.assign(new Error(`${code}: refused`), { code });

/** Listeners that fail with a code at some hosts. */
function fake(codes: Readonly<Record<string, string>>) {
  const closed: string[] = [];
  const open = ({ host }: ListenAddress) => {
    const code = codes[host];
    if (code) throw refusal(code);
    return { host, close: () => void closed.push(host) };
  };
  return { open, closed };
}

describe("listening", () => {
  test("on a machine without IPv6, every address is every IPv4 address", () => {
    const { open } = fake({ "::": "EAFNOSUPPORT" });
    expect(listenOnAll("rtmp", [{ host: "::", port: 1935 }], open).map(({ host }) => host)).toEqual(["0.0.0.0"]);
  });

  test("one address that fails gives up the others", () => {
    const { open, closed } = fake({ b: "EADDRINUSE" });
    const addresses = ["a", "b", "c"].map((host) => ({ host, port: 1 }));
    expect(() => listenOnAll("http", addresses, open)).toThrow(ListenError);
    expect(closed).toEqual(["a"]);
  });

  test.each([
    ["::", "EADDRINUSE", "address-in-use", "HTTP cannot listen on [::]:80: another program uses the port. Stop "],
    ["1.2.3.4", "EACCES", "not-permitted", "HTTP cannot listen on 1.2.3.4:80: not permitted. Ports below 1024 "],
    [
      "::1",
      "EADDRNOTAVAIL",
      "cannot-listen",
      "HTTP cannot listen on [::1]:80: this machine does not have the address.",
    ],
    ["x", "EOTHER", "cannot-listen", "HTTP cannot listen on x:80: EOTHER: refused. Check the address in http.listen"],
  ])("%s with %s is %s", (host, code, expected, message) => {
    try {
      listenOnAll("http", [{ host, port: 80 }], fake({ [host]: code }).open);
      throw new Error("it should not listen");
    } catch (error) {
      expect(error).toMatchObject({ code: expected, hint: expect.stringContaining("http.listen") });
      expect(String(error)).toStartWith(`ListenError: ${message}`);
    }
  });
});
